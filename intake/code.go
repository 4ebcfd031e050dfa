package intake

import (
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

// codedText returns what a coded element says to people.
func codedText(coded element) string {
	return firstOf(coded.component(2).text(), coded.component(9).text(), coded.component(5).text(),
		coded.component(1).text(), coded.component(4).text())
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
