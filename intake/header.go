package intake

import (
	"bytes"
	"strings"
)

// maxControl bounds MSH-10, which is stored and sent back (199 characters in
// HL7 2.8, 20 before).
const maxControl = 199

// Header is what MSH says: what an acknowledgement needs, and what tells one
// message from another.
type Header struct {
	Sender     string // MSH-3 and MSH-4 with the standard separators: LABO|SITE
	Receiver   string // MSH-5 and MSH-6, likewise
	Facility   string // MSH-4, as people read it
	Sent       string // MSH-7 as sent
	Control    string // MSH-10
	Event      string // MSH-9: ORU^R01
	Processing string // MSH-11
	Version    string // MSH-12, first component
	Charset    string // MSH-18 as declared

	separators separators // zero: the standard ones
	raw        [21]string // fields of MSH by number, as sent and decoded
	set        charset
}

// ParseHeader reads the MSH segment of raw. On a Problem, the Header holds
// what could be read, enough to answer.
func ParseHeader(raw []byte) (Header, error) {
	h, _, problem := parseHeader(raw)
	if problem != nil {
		return h, problem
	}
	return h, nil
}

func parseHeader(raw []byte) (Header, *syntax, *Problem) {
	h := Header{separators: standard}
	line := bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))
	if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	if len(line) < 4 || !bytes.HasPrefix(line, []byte("MSH")) {
		return h, nil, NewProblem(ReasonNotHL7, Place{})
	}
	s, ok := separatorsOf(line)
	if !ok {
		return h, nil, NewProblem(ReasonSeparators, Place{Segment: "MSH", Sequence: 1, Field: 2})
	}
	h.separators = s
	declared := charsetNamed(nth(nth(string(line), s.field, 18), s.repetition, 1))
	text, actual, ok := decode(line, declared)
	if !ok {
		text = strings.ToValidUTF8(string(line), "?")
	}
	h.set = declared
	syn := &syntax{separators: s, set: actual}
	msh := segment{id: "MSH", place: Place{Segment: "MSH", Sequence: 1}, fields: strings.Split(text, string(rune(s.field))), syntax: syn}
	h.read(&msh)
	return h, syn, h.check(&msh, ok)
}

// separatorsOf reads MSH-1 and MSH-2. Old and careless senders leave out the
// last ones.
func separatorsOf(line []byte) (separators, bool) {
	s := separators{field: line[3]}
	declared := line[4:]
	i := bytes.IndexByte(declared, s.field)
	if i < 2 || i > 5 {
		return s, false
	}
	declared = declared[:i]
	seen := map[byte]bool{s.field: true}
	for _, c := range append([]byte{s.field}, declared...) {
		if c <= ' ' || c >= 0x7F || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '"' {
			return s, false
		}
	}
	for n, target := range []*byte{&s.component, &s.repetition, &s.escape, &s.subcomponent, &s.truncation} {
		if n >= len(declared) {
			break
		}
		if seen[declared[n]] {
			return s, false
		}
		seen[declared[n]] = true
		*target = declared[n]
	}
	return s, true
}

func (h *Header) read(msh *segment) {
	for n := range h.raw {
		h.raw[n] = msh.field(n).raw
	}
	h.Sender = msh.field(3).canonical() + "|" + msh.field(4).canonical()
	h.Receiver = msh.field(5).canonical() + "|" + msh.field(6).canonical()
	h.Facility = msh.field(4).component(1).text()
	h.Sent = msh.field(7).component(1).text()
	h.Control = msh.field(10).text()
	kind, event := msh.field(9).component(1).text(), msh.field(9).component(2).text()
	if kind == "ORU" && event == "" {
		event = "R01" // the only event of ORU before 2.3, when it went unsaid
	}
	h.Event = kind + "^" + event
	h.Processing = msh.field(11).component(1).text()
	h.Version = msh.field(12).component(1).text()
	h.Charset = nth(msh.field(18).raw, msh.syntax.repetition, 1)
}

func (h *Header) check(msh *segment, readable bool) *Problem {
	if !readable {
		return msh.problem(ReasonCharset, 18)
	}
	if h.Control == "" || len(h.Control) > maxControl {
		return msh.problem(ReasonNoControl, 10)
	}
	if !knownVersion(h.Version) {
		return msh.problem(ReasonVersion, 12)
	}
	return nil
}

// knownVersion accepts 2.1 to 2.8 and their errata (2.3.1, 2.5.1, 2.8.2).
func knownVersion(version string) bool {
	minor, erratum, dotted := strings.Cut(strings.TrimPrefix(version, "2."), ".")
	if !strings.HasPrefix(version, "2.") || len(minor) != 1 || minor < "1" || minor > "8" {
		return false
	}
	return !dotted || len(erratum) == 1 && erratum >= "1" && erratum <= "9"
}
