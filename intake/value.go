package intake

import (
	"strings"

	"guichet/record"
)

// value reads the result in OBX-5 by its type in OBX-2. Types that are not
// known are text rather than lost; a value that does not keep its type's
// promise is kept as it is.
func value(kind string, field element, unit string) record.Value {
	repetitions := field.repetitions()
	if len(repetitions) == 0 {
		return record.Value{}
	}
	if len(repetitions) == 1 {
		return single(kind, repetitions[0], unit)
	}
	var lines []string
	for _, one := range repetitions {
		lines = append(lines, single(kind, one, unit).Text)
	}
	return record.Value{Kind: record.Text, Text: strings.Join(lines, "\n")}
}

func single(kind string, e element, unit string) record.Value {
	switch kind {
	case "NM":
		return number(e.text())
	case "SN":
		return structured(e)
	case "CE", "CWE", "CNE", "CF":
		return coded(e)
	case "ST":
		if v := number(e.text()); unit != "" && v.Kind != record.Text {
			return v // a measure sent as a string, as for 5.30 or <0.5
		}
		return text(e.lines())
	case "TX", "FT", "ID", "IS", "SI", "":
		return text(e.lines())
	case "DT", "TS", "DTM":
		return text(printTime(e.component(1).text()))
	case "TM":
		return text(printClock(e.component(1).text()))
	case "DR":
		from, to := printTime(e.component(1).subcomponent(1).text()), printTime(e.component(2).subcomponent(1).text())
		return text(strings.TrimSpace(from + " – " + to))
	}
	return text(e.words())
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
// sign says nothing and is not printed.
func structured(e element) record.Value {
	comparator, first := e.component(1).text(), e.component(2).text()
	separator, second := e.component(3).text(), e.component(4).text()
	if comparator == "=" {
		comparator = ""
	}
	printed := comparator + first + separator + second
	if printed == "" {
		return record.Value{}
	}
	if isNumber(printed) {
		return record.Value{Kind: record.Numeric, Text: printed}
	}
	if isNumber(first) || isNumber(second) {
		return record.Value{Kind: record.Structured, Text: printed}
	}
	return number(printed)
}

func coded(e element) record.Value {
	code, _, _ := analysis(e)
	printed := codedText(e)
	if printed == "" {
		return record.Value{}
	}
	return record.Value{Kind: record.Coded, Text: printed, Code: code}
}
