package intake

import "strings"

// A segment is one line of a message, its fields still as sent.
type segment struct {
	id     string
	place  Place
	fields []string // fields[0] is the name
	syntax *syntax
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

// kind returns the type of a result (OBX-2).
func (s *segment) kind() string { return strings.ToUpper(s.field(2).text()) }

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

// from returns what of e begins with component n, from 2.
func (e element) from(n int) element {
	parts := strings.SplitN(e.raw, string(rune(e.syntax.component)), n)
	if len(parts) < n {
		return element{syntax: e.syntax}
	}
	return element{parts[n-1], e.syntax}
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

// isAbout reports whether e begins with a separator of repetitions and has
// something behind it: no list, but "about" (~5), which its sender should have
// escaped.
func (e element) isAbout() bool {
	mark := string(rune(e.syntax.repetition))
	text := strings.TrimSpace(e.raw)
	return e.syntax.repetition != 0 && strings.HasPrefix(text, mark) && strings.Trim(text, mark+" ") != ""
}

// paragraph returns a text whose lines are repetitions.
func (e element) paragraph() string {
	if e.isAbout() && strings.Count(e.raw, string(rune(e.syntax.repetition))) == 1 {
		return e.lines()
	}
	var list []string
	for raw := range splitSeq(e.raw, e.syntax.repetition) {
		list = append(list, element{raw, e.syntax}.lines())
	}
	return strings.Trim(strings.Join(list, "\n"), "\n")
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
