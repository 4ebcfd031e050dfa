package intake

import "strings"

// maxParts bounds the fields and repetitions of one segment, so that a message
// of nothing but separators does not cost many times its size in memory.
const maxParts = 20_000

// A segment is one line of a message, its fields still as sent.
type segment struct {
	id     string
	place  Place
	fields []string // fields[0] is the name
	syntax *syntax
}

// segments splits text into its segments. They end with CR, as HL7 says, or
// with LF or both, as many send them. A line that does not begin with a segment
// name continues the field of an OBX or NTE that a line break cut.
func segments(text string, s *syntax, limit int) ([]segment, *Problem) {
	var list []segment
	counts := make(map[string]int)
	start := -1 // of the segment being gathered, in text
	end := 0
	finish := func() *Problem {
		if start < 0 {
			return nil
		}
		id := text[start : start+3]
		counts[id]++
		place := Place{Segment: id, Sequence: counts[id]}
		if s.parts(text[start:end]) > maxParts {
			return NewProblem(ReasonTooManyParts, place)
		}
		fields := strings.Split(text[start:end], string(rune(s.field)))
		list = append(list, segment{id: id, place: place, fields: fields, syntax: s})
		return nil
	}
	for at := 0; at < len(text); {
		next, following := lineEnd(text, at)
		line := text[at:next]
		switch {
		case strings.TrimSpace(line) == "":
		case isSegment(line, s.field):
			if problem := finish(); problem != nil {
				return nil, problem
			}
			if len(list) >= limit {
				return nil, NewProblem(ReasonTooManySegments, Place{})
			}
			start, end = at, next
		case start >= 0 && continuable(text[start:]):
			end = next
		case start < 0:
			return nil, NewProblem(ReasonNotHL7, Place{})
		default:
			id := text[start : start+3]
			return nil, NewProblem(ReasonSegment, Place{Segment: id, Sequence: counts[id] + 1})
		}
		at = following
	}
	if problem := finish(); problem != nil {
		return nil, problem
	}
	return list, nil
}

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

// isSegment reports whether line begins with a segment name.
func isSegment(line string, field byte) bool {
	if len(line) < 3 || line[0] < 'A' || line[0] > 'Z' {
		return false
	}
	for _, c := range []byte(line[1:3]) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(line) == 3 || line[3] == field
}

func continuable(segment string) bool {
	return strings.HasPrefix(segment, "OBX") || strings.HasPrefix(segment, "NTE")
}

// field returns field n, numbered as in the standard: in MSH, the separator
// itself is field 1.
func (s *segment) field(n int) element {
	if s.id == "MSH" {
		n--
	}
	if n < 1 || n >= len(s.fields) {
		return element{syntax: s.syntax}
	}
	return element{raw: s.fields[n], syntax: s.syntax}
}

// problem returns the Problem that reason names, in field n of s.
func (s *segment) problem(reason Reason, n int) *Problem {
	place := s.place
	place.Field = n
	return NewProblem(reason, place)
}

// An element is a field or a part of one, as sent.
type element struct {
	raw    string
	syntax *syntax
}

// repetitions returns the values of a field that may repeat, empty ones left
// out.
func (e element) repetitions() []element {
	if e.syntax.repetition == 0 {
		if e.isEmpty() {
			return nil
		}
		return []element{e}
	}
	var list []element
	for raw := range strings.SplitSeq(e.raw, string(rune(e.syntax.repetition))) {
		if one := (element{raw, e.syntax}); !one.isEmpty() {
			list = append(list, one)
		}
	}
	return list
}

// component returns component n, from 1, of the first repetition.
func (e element) component(n int) element {
	return element{nth(nth(e.raw, e.syntax.repetition, 1), e.syntax.component, n), e.syntax}
}

// subcomponent returns subcomponent n, from 1, of a component.
func (e element) subcomponent(n int) element {
	return element{nth(e.raw, e.syntax.subcomponent, n), e.syntax}
}

// isNull reports whether e is the HL7 null: known to be nothing.
func (e element) isNull() bool { return e.raw == `""` }

func (e element) isEmpty() bool { return e.isNull() || strings.TrimSpace(e.raw) == "" }

// text returns e as one line of plain text.
func (e element) text() string {
	return strings.TrimSpace(strings.ReplaceAll(e.lines(), "\n", " "))
}

// lines returns e as plain text that may have several lines.
func (e element) lines() string {
	if e.isNull() {
		return ""
	}
	return strings.TrimRight(plain(e.syntax.unescape(e.raw)), " \t\n")
}

// words returns all components and subcomponents of e that are not empty, as
// one line.
func (e element) words() string {
	var list []string
	for raw := range splitSeq(e.raw, e.syntax.component) {
		for raw := range splitSeq(raw, e.syntax.subcomponent) {
			if word := (element{raw, e.syntax}).text(); word != "" {
				list = append(list, word)
			}
		}
	}
	return strings.Join(list, " ")
}

func splitSeq(raw string, separator byte) func(func(string) bool) {
	if separator == 0 {
		return func(yield func(string) bool) { yield(raw) }
	}
	return strings.SplitSeq(raw, string(rune(separator)))
}

// nth returns part n, from 1, of raw cut at separator.
func nth(raw string, separator byte, n int) string {
	if separator == 0 {
		if n == 1 {
			return raw
		}
		return ""
	}
	for ; n > 1; n-- {
		i := strings.IndexByte(raw, separator)
		if i < 0 {
			return ""
		}
		raw = raw[i+1:]
	}
	if i := strings.IndexByte(raw, separator); i >= 0 {
		return raw[:i]
	}
	return raw
}

// canonical returns e with the standard separators, so that the same names
// compare equal whatever separators a sender chose.
func (e element) canonical() string {
	var components []string
	for raw := range splitSeq(e.raw, e.syntax.component) {
		var parts []string
		for raw := range splitSeq(raw, e.syntax.subcomponent) {
			parts = append(parts, standard.escapeText((element{raw, e.syntax}).text()))
		}
		components = append(components, strings.TrimRight(strings.Join(parts, "&"), "&"))
	}
	return strings.TrimRight(strings.Join(components, "^"), "^")
}
