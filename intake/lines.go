package intake

import (
	"strings"
	"unicode"
)

// maxParts bounds the fields and repetitions of one segment, so that a message
// of nothing but separators does not cost many times its size in memory.
const maxParts = 20_000

// A splitter cuts a message into its segments. They end with CR, as HL7 says,
// or with LF or both, as many send them. A line that does not begin with a
// segment name goes on with the field of an OBX or NTE that a line break cut,
// where it can be nothing else: taken for text, a segment would vanish in the
// result before it, and taken for a segment, text would.
type splitter struct {
	text   string
	syntax *syntax
	limit  int // of segments
	list   []segment
	counts map[string]int // of segments, by name

	// The segment being gathered, as a part of text. start is -1 before the first.
	start, end int
	fields     int // separators in it so far: the field it ends in
}

// segments splits text into its segments.
func segments(text string, s *syntax, limit int) ([]segment, *Problem) {
	p := &splitter{text: text, syntax: s, limit: limit, counts: make(map[string]int), start: -1}
	for at := 0; at < len(text); {
		end, next := lineEnd(text, at)
		if problem := p.take(at, end); problem != nil {
			return nil, problem
		}
		at = next
	}
	if problem := p.finish(); problem != nil {
		return nil, problem
	}
	return p.list, nil
}

// take takes in the line of text from at to end.
func (p *splitter) take(at, end int) *Problem {
	line := p.text[at:end]
	switch {
	case strings.TrimSpace(line) == "":
		return nil
	case p.begins(line):
		if problem := p.finish(); problem != nil {
			return problem
		}
		if len(p.list) >= p.limit {
			return NewProblem(ReasonTooManySegments, Place{})
		}
		p.start, p.fields = at, 0
	case p.start < 0:
		return NewProblem(ReasonNotHL7, Place{})
	case !p.isOpen() || p.resemblesSegment(line):
		return NewProblem(ReasonSegment, Place{Segment: p.id(), Sequence: p.counts[p.id()] + 1})
	}
	p.end = end
	p.fields += strings.Count(line, string(rune(p.syntax.field)))
	return nil
}

func (p *splitter) id() string { return p.text[p.start : p.start+3] }

// finish adds the segment being gathered to the list.
func (p *splitter) finish() *Problem {
	if p.start < 0 {
		return nil
	}
	id, text := p.id(), p.text[p.start:p.end]
	p.counts[id]++
	place := Place{Segment: id, Sequence: p.counts[id]}
	if p.syntax.parts(text) > maxParts {
		return NewProblem(ReasonTooManyParts, place)
	}
	fields := strings.Split(text, string(rune(p.syntax.field)))
	p.list = append(p.list, segment{id: id, place: place, fields: fields, syntax: p.syntax})
	return nil
}

// begins reports whether line begins a segment. A name alone on its line, or a
// local one before the status of a result has come, may as well be a line of
// the text above.
func (p *splitter) begins(line string) bool {
	if len(line) < 3 || !isSegmentName(line[:3]) {
		return false
	}
	if len(line) == 3 {
		return !p.isOpen()
	}
	return line[3] == p.syntax.field && (line[0] != 'Z' || !p.isOpen() || p.id() != "OBX")
}

// isOpen reports whether the segment being gathered may go on in the next
// line: it ends in a text (OBX-5, OBX-7, NTE-3).
func (p *splitter) isOpen() bool {
	if p.start < 0 {
		return false
	}
	switch p.id() {
	case "OBX":
		return p.fields == 5 || p.fields == 7
	case "NTE":
		return p.fields == 3
	}
	return false
}

// resemblesSegment reports whether line, which begins no segment, may have been
// meant to: its name in lower case, misspelt, or behind a space.
func (p *splitter) resemblesSegment(line string) bool {
	name, _, separated := strings.Cut(line, string(rune(p.syntax.field)))
	name = strings.TrimLeftFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	name = strings.TrimRightFunc(name, unicode.IsSpace)
	switch {
	case !separated:
		return isSegmentName(name)
	case p.isEncapsulated(): // lines of Base64 may be as short as a name
		return isSegmentName(strings.ToUpper(name))
	case p.id() == "NTE":
		return isWord(name) && 2 <= len(name) && len(name) <= 4
	}
	return isWord(name) && len(name) == 3
}

// isEncapsulated reports whether the segment being gathered is the OBX of a
// document.
func (p *splitter) isEncapsulated() bool {
	return p.id() == "OBX" && strings.EqualFold(strings.TrimSpace(nth(p.text[p.start:p.end], p.syntax.field, 3)), "ED")
}

// isWord reports whether text is of letters and digits, and not of digits alone.
func isWord(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return !isDigits(text)
}

// isSegmentName reports whether name is that of a segment that a message of
// results may hold: those of ORU^R01 in any version that we read, those that
// say more of the patient or the visit, and local ones (Z).
func isSegmentName(name string) bool {
	switch name {
	case "MSH", "SFT", "UAC", "EVN", "DSC", "ADD",
		"PID", "PD1", "ARV", "NK1", "GT1", "IN1", "IN2", "IN3", "AL1", "IAM", "DG1", "DRG", "PR1", "ACC", "ROL", "PRT", "DB1", "PV1", "PV2",
		"ORC", "OBR", "NTE", "BLG", "TQ1", "TQ2", "CTD", "OBX", "FT1", "CTI", "SPM", "SAC", "INV", "TCD", "DEV":
		return true
	}
	return len(name) == 3 && name[0] == 'Z' && isCapital(name[1]) && isCapital(name[2])
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' }

// parts counts what a segment is cut into at most, without cutting it.
func (s *syntax) parts(segment string) int {
	n := strings.Count(segment, string(rune(s.field)))
	if s.repetition != 0 {
		n += strings.Count(segment, string(rune(s.repetition)))
	}
	return n
}

func lineEnd(text string, from int) (end, next int) {
	i := strings.IndexAny(text[from:], "\r\n")
	if i < 0 {
		return len(text), len(text)
	}
	return from + i, from + i + 1
}
