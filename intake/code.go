package intake

import (
	"slices"
	"strings"

	"guichet/record"
)

// triplet reads the code, text and system that begin at component n of a
// coded element (CE, CWE).
func triplet(coded element, n int) record.Code {
	return record.Code{
		Value:  coded.component(n).text(),
		Text:   coded.component(n + 1).text(),
		System: coded.component(n + 2).text(),
	}
}

// analysis reads the code of a result or an order: LOINC wherever it stands,
// the sender's own beside it, and the name as the sender prints it.
func analysis(coded element) (code, local record.Code, name string) {
	first, second := triplet(coded, 1), triplet(coded, 4)
	name = firstOf(coded.component(9).text(), first.Text, second.Text, first.Value, second.Value)
	switch {
	case isLOINC(first):
		first.System = record.LOINC
		return first, second, name
	case isLOINC(second):
		second.System = record.LOINC
		return second, first, name
	case first.Value == "" && second.Value != "":
		return second, record.Code{}, name
	}
	return first, record.Code{}, name
}

// isLOINC reports whether code says that it is LOINC and looks like it. Some
// senders write LN beside codes of their own.
func isLOINC(code record.Code) bool {
	switch strings.ToUpper(code.System) {
	case "LN", "LOINC", "2.16.840.1.113883.6.1", "HTTP://LOINC.ORG":
	default:
		return false
	}
	number, check, ok := strings.Cut(code.Value, "-")
	return ok && isDigits(number) && len(number) <= 7 && isDigits(check) && len(check) == 1
}

// texts returns what a coded element says in words, what the laboratory wrote
// itself (the original text) first. Systems change words on the way, so each
// that is another is kept.
func texts(coded element) []string {
	return distinct(coded.component(9).text(), coded.component(2).text(), coded.component(5).text())
}

// codedText returns what a coded element says to people.
func codedText(coded element) string {
	return firstOf(inBrackets(texts(coded)), coded.component(1).text(), coded.component(4).text())
}

// codedValue returns what a coded result says to people. A code that names no
// system may be a word of the laboratory's own (Positif^2+): it is kept too.
func codedValue(coded element) string {
	list := texts(coded)
	for _, of := range []struct{ code, system, identifier int }{{1, 3, 14}, {4, 6, 17}} {
		if coded.component(of.system).isEmpty() && coded.component(of.identifier).isEmpty() {
			list = append(list, coded.component(of.code).text())
		}
	}
	return firstOf(inBrackets(distinct(list...)), codedText(coded))
}

// distinct returns the candidates that are not empty, each but once. Of two
// that differ by an addition in brackets (Negative, Negative (qualifier value))
// it keeps the one that says more, in the place of the first.
func distinct(candidates ...string) []string {
	var list []string
	for _, text := range candidates {
		switch i := slices.IndexFunc(list, func(other string) bool { return adds(text, other) || adds(other, text) }); {
		case text == "":
		case i < 0:
			list = append(list, text)
		case len(text) > len(list[i]):
			list[i] = text
		}
	}
	return list
}

// adds reports whether long is short, capitals apart, or short with an addition
// in brackets.
func adds(long, short string) bool {
	if strings.EqualFold(long, short) {
		return true
	}
	start, addition, ok := strings.Cut(long, " (")
	return ok && strings.HasSuffix(addition, ")") && strings.EqualFold(start, short)
}

// inBrackets sets all texts but the first in brackets behind it.
func inBrackets(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return list[0] + " (" + strings.Join(list[1:], ", ") + ")"
}

// codedTexts joins what the repetitions of a coded field say.
func codedTexts(field element) string {
	var list []string
	for _, coded := range field.repetitions() {
		if text := codedText(coded); text != "" {
			list = append(list, text)
		}
	}
	return strings.Join(list, ", ")
}

// person returns the name in an XCN field, or in the first component of an
// NDL field, as people write it: Dr Paule MARTIN.
func person(field element) string {
	part := field.component
	if strings.IndexByte(field.component(1).raw, field.syntax.subcomponent) >= 0 && field.syntax.subcomponent != 0 {
		part = field.component(1).subcomponent
	}
	words := []string{part(6).text(), part(3).text(), part(2).subcomponent(1).text()}
	name := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	if name == "" && part(1).text() != "" && !isDigits(part(1).text()) {
		return part(1).text() // a name where the number should be
	}
	return name
}

func firstOf(candidates ...string) string {
	for _, text := range candidates {
		if text != "" {
			return text
		}
	}
	return ""
}
