package intake

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Acknowledge writes the answer to the message whose header is h, in its
// sender's separators and character set: MSH, MSA and, where p says why, ERR.
// The control ID of the answer is made from now.
func Acknowledge(h Header, code AckCode, p *Problem, now time.Time) []byte {
	w := answer{separators: h.separators, old: isOld(h.Version)}
	if w.field == 0 {
		w.separators = standard
	}
	w.segment("MSH", w.msh(&h, now)...)
	msa := []string{string(code), w.echo(h.raw[10])}
	if p != nil && w.old {
		msa = append(msa, w.escapeText(p.Text))
	}
	w.segment("MSA", msa...)
	if p != nil && code != AckAccept {
		w.segment("ERR", w.err(p)...)
	}
	return encode(w.text.String(), h.set)
}

// answer is an acknowledgement being written.
type answer struct {
	separators
	text bytes.Buffer
	old  bool // before 2.5, where ERR has one field
}

func (w *answer) segment(name string, fields ...string) {
	w.text.WriteString(name)
	for _, field := range fields {
		w.text.WriteByte(w.field)
		w.text.WriteString(field)
	}
	w.text.WriteByte('\r')
}

// msh returns the fields of MSH from MSH-2 on, sender and receiver changed
// places.
func (w *answer) msh(h *Header, now time.Time) []string {
	encoding := h.raw[2]
	if encoding == "" {
		encoding = `^~\&`
	}
	kind := []string{"ACK"}
	if _, event, ok := strings.Cut(h.Event, "^"); ok && event != "" {
		kind = append(kind, w.escapeText(event))
		if nth(h.raw[9], w.component, 3) != "" { // the sender names structures: from 2.3.1
			kind = append(kind, "ACK")
		}
	}
	fields := []string{
		encoding, w.echo(h.raw[5]), w.echo(h.raw[6]), w.echo(h.raw[3]), w.echo(h.raw[4]),
		now.Format("20060102150405-0700"), "", strings.Join(kind, string(rune(w.component))), "G" + strconv.FormatInt(now.UnixNano(), 36),
		firstOf(w.echo(h.raw[11]), "P"), firstOf(w.echo(h.raw[12]), "2.5"),
		"", "", "", "", w.echo(h.raw[17]), w.echo(h.raw[18]),
	}
	for len(fields) > 11 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	return fields
}

// echo returns a field of the sender's as sent, but for what would end a
// segment or a frame.
func (w *answer) echo(raw string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, raw)
}

// err returns the fields of ERR. From 2.5: location, code, severity, the
// reason for machines (ERR-7) and the sentence for people (ERR-8).
func (w *answer) err(p *Problem) []string {
	component, sub := string(rune(w.component)), string(rune(w.subcomponent))
	condition := w.escapeText(conditions[p.Code])
	if w.old {
		if w.subcomponent == 0 {
			sub = " "
		}
		code := fmt.Sprintf("%d%s%s%sHL70357", p.Code, sub, condition, sub)
		return []string{strings.Join([]string{p.Segment, positive(p.Sequence), positive(p.Field), code}, component)}
	}
	location := strings.TrimRight(strings.Join([]string{
		p.Segment, positive(p.Sequence), positive(p.Field), repetition(p), positive(p.Component),
	}, component), component)
	code := strings.Join([]string{strconv.Itoa(p.Code), condition, "HL70357"}, component)
	return []string{"", location, code, "E", "", "", w.escapeText(string(p.Reason)), w.escapeText(p.Text)}
}

// repetition is needed in a location only where a component follows it.
func repetition(p *Problem) string {
	if p.Component > 0 {
		return "1"
	}
	return ""
}

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// isOld reports whether version is before 2.5, where ERR changed.
func isOld(version string) bool {
	return knownVersion(version) && version < "2.5"
}
