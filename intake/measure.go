package intake

import (
	"strings"

	"guichet/record"
)

// unit reads OBX-6 as the laboratory prints it: its own words where it gives
// them (the original text), else the code.
func unit(coded element) string {
	return firstOf(coded.component(9).text(), unitOf(coded.component(1).text(), coded.component(2).text()),
		coded.component(4).text(), coded.component(5).text())
}

// unitOf returns the unit in the first two components. A number is none: it is
// the beginning of one whose ^ was not escaped (10^9/L), or the 1 that UCUM
// writes for no unit.
func unitOf(code, text string) string {
	switch {
	case text == "" || text == code || !isDigits(strings.TrimLeft(code, "xX× ")):
		return firstOf(code, text)
	case code == "1":
		return text
	}
	return code + "^" + text
}

// flags reads OBX-8, a code that repeats and, in later versions, has a text.
func flags(field element) []record.Flag {
	var list []record.Flag
	for _, coded := range field.repetitions() {
		flag := firstOf(coded.component(1).text(), coded.component(4).text(), codedText(coded))
		if capitals := strings.ToUpper(flag); isInterpretation(capitals) {
			flag = capitals
		}
		if flag != "" {
			list = append(list, record.Flag(flag))
		}
	}
	return list
}

// isInterpretation reports whether flag is a code of HL7 table 0078, which has
// capitals only.
func isInterpretation(flag string) bool {
	switch flag {
	case "L", "LL", "LU", "LX", "H", "HH", "HU", "HX", "N", "A", "AA", "U", "D", "B", "W", "POS", "NEG", "IND", "DET", "ND", "RR", "WR", "NR",
		"S", "SDD", "I", "R", "NS", "MS", "VS", "SYN-R", "SYN-S", "AC", "TOX", "QCF", "CAR", "EXP", "UNE", "E", "EX", "ICTL", "HM":
		return true
	}
	return false
}
