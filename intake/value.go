package intake

import (
	"slices"
	"strings"
	"unicode"

	"guichet/record"
)

// value reads the result in OBX-5 by its type in OBX-2. Types that are not
// known are text rather than lost; a value that does not keep its type's
// promise is kept as it is.
func value(kind string, field element, unit string) record.Value {
	repetitions := field.repetitions()
	switch {
	case len(repetitions) == 0:
		return record.Value{}
	case kind == "TX" || kind == "FT":
		return text(field.paragraph())
	case field.isAbout() && !isCoded(kind):
		return text(field.lines())
	case len(repetitions) == 1:
		return single(kind, repetitions[0], unit)
	}
	var lines []string
	for _, one := range repetitions {
		lines = append(lines, single(kind, one, unit).Text)
	}
	return record.Value{Kind: record.Text, Text: strings.Join(lines, "\n")}
}

func single(kind string, e element, unit string) record.Value {
	if isCoded(kind) {
		return coded(e)
	}
	switch kind {
	case "NM":
		return number(e.text())
	case "SN":
		return structured(e)
	case "ST":
		if v := number(e.text()); unit != "" && v.Kind != record.Text {
			return v // a measure sent as a string, as for 5.30 or <0.5
		}
		return text(e.lines())
	case "ID", "IS", "SI", "":
		return text(e.lines())
	case "DT":
		return text(printTime(e.text()))
	case "TS", "DTM":
		if first := e.component(1).text(); isTime(first) {
			return text(printTime(first)) // the second is its precision
		}
	case "TM":
		return text(printClock(e.text()))
	case "DR":
		return period(e)
	}
	return text(e.words())
}

// period prints a range of times (DR), which may be open.
func period(e element) record.Value {
	from, to := e.component(1).subcomponent(1).text(), e.component(2).subcomponent(1).text()
	isEnd := func(text string) bool { return text == "" || isTime(text) }
	if from+to == "" || !isEnd(from) || !isEnd(to) || !e.from(3).isEmpty() {
		return text(e.words())
	}
	return text(strings.TrimSpace(printTime(from) + " – " + printTime(to)))
}

func isCoded(kind string) bool {
	switch kind {
	case "CE", "CWE", "CNE", "CF":
		return true
	}
	return false
}

func text(printed string) record.Value {
	if printed == "" {
		return record.Value{}
	}
	return record.Value{Kind: record.Text, Text: printed}
}

// number classifies printed as a number, a comparison or neither. The digits
// stay as they are.
func number(printed string) record.Value {
	switch {
	case printed == "":
		return record.Value{}
	case isNumber(printed):
		return record.Value{Kind: record.Numeric, Text: printed}
	case strings.ContainsAny(printed[:1], "<>") && isNumber(strings.TrimLeft(printed, "<>= ")):
		return record.Value{Kind: record.Structured, Text: printed}
	}
	return text(printed)
}

// isNumber accepts a decimal number with a point or, as in French, a comma.
func isNumber(printed string) bool {
	whole, fraction, pointed := strings.Cut(strings.TrimLeft(printed, "+-"), ".")
	if !pointed {
		whole, fraction, pointed = strings.Cut(whole, ",")
	}
	if len(printed)-len(strings.TrimLeft(printed, "+-")) > 1 {
		return false
	}
	if pointed && !isDigits(fraction) {
		return false
	}
	return isDigits(whole) || whole == "" && pointed
}

// structured prints a structured numeric (SN): comparator, first number,
// separator or suffix, second number, as in <5, 1:80, 10-15, 4+. An equals
// sign says nothing and is not printed. What is not made so stays in its parts:
// 1 and 80 are not 180.
func structured(e element) record.Value {
	comparator, first, separator, second := e.component(1).text(), e.component(2).text(), e.component(3).text(), e.component(4).text()
	rest := e.from(5).words()
	if isMark(comparator) && isMark(separator) && rest == "" && (separator != "" || first == "" || second == "") {
		return comparison(comparator, first, separator, second)
	}
	list := slices.DeleteFunc([]string{comparator, first, separator, second, rest}, func(part string) bool { return part == "" })
	if len(list) == 1 {
		return number(list[0])
	}
	return text(strings.Join(list, " ; "))
}

// isMark reports whether text has neither digits nor letters.
func isMark(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsLetter(r) })
}

func comparison(comparator, first, separator, second string) record.Value {
	if comparator == "=" {
		comparator = ""
	}
	printed := comparator + first + separator + second
	switch {
	case printed == "":
		return record.Value{}
	case isNumber(printed):
		return record.Value{Kind: record.Numeric, Text: printed}
	case isNumber(first) || isNumber(second):
		return record.Value{Kind: record.Structured, Text: printed}
	}
	return number(printed)
}

func coded(e element) record.Value {
	code, _, _ := analysis(e)
	printed := codedValue(e)
	if printed == "" {
		return record.Value{}
	}
	return record.Value{Kind: record.Coded, Text: printed, Code: code}
}
