package web

import (
	"strings"

	"guichet/record"
)

// What one result says, before it is set in a row.

// codeOf is the code a row is found by: the LOINC code, else the sender's own.
func codeOf(o *record.Observation) record.Code {
	if o.Code.Value == "" {
		return o.Local
	}
	return o.Code
}

// nameOf is what the laboratory calls the analysis.
func nameOf(o *record.Observation) string {
	for _, name := range []string{o.Name, o.Code.Text, o.Local.Text, codeOf(o).Value} {
		if name != "" {
			return name
		}
	}
	return "Analyse sans nom"
}

// rawValue is a value as sent, for scripts: a multi-line text stands once, in
// the cell itself.
func rawValue(v record.Value) string {
	switch {
	case v.Kind == record.Coded && v.Code.Value != "":
		return v.Code.Value
	case v.Kind == record.Text && strings.Contains(v.Text, "\n"):
		return ""
	}
	return v.Text
}

// shownValue is a value in French, and the class it is set in.
func shownValue(o *record.Observation) (shown string, class literal) {
	switch shown = valueText(o.Value); {
	case shown == "" && o.Status == record.Cancelled:
		return "annulé", "val none"
	case shown == "" && (o.Status == record.Registered || o.Status == record.Partial || o.Status == record.Preliminary):
		return "en cours", "val none"
	case shown == "":
		return "sans résultat", "val none"
	case o.Value.Kind == record.Numeric || o.Value.Kind == record.Structured:
		return shown, "val"
	}
	return shown, "val txt"
}

// valueText writes a value: digits are kept, only their marks are French.
func valueText(v record.Value) string {
	switch v.Kind {
	case record.Numeric:
		return number(v.Text)
	case record.Structured:
		return structured(v.Text)
	case record.Coded:
		if v.Text == "" {
			if v.Code.Text == "" {
				return v.Code.Value
			}
			return v.Code.Text
		}
	}
	return v.Text
}

// structured writes <0.5 as < 0,5 and the titre 1:80 as 1/80.
func structured(s string) string {
	s = spaceComparator(decimalCommas(s))
	if numerator, denominator, ratio := strings.Cut(s, ":"); ratio && isDigits(numerator) && isDigits(denominator) {
		return numerator + "/" + denominator
	}
	return s
}

// isNarrative says whether a result is a text that nothing is compared with: a
// conclusion, say, over several lines.
func isNarrative(o *record.Observation) bool {
	const long = 80 // characters; a shorter text fits the columns of a value
	if o.Value.Kind != record.Text || o.Unit != "" || o.Reference != "" || len(o.Flags) > 0 || len(o.Previous) > 0 {
		return false
	}
	return len(o.Value.Text) > long || strings.Contains(o.Value.Text, "\n")
}

// flagExpected says whether the absence of a flag tells the reader something:
// not for a result that is not there.
func flagExpected(o *record.Observation) bool {
	return o.Status != record.Cancelled && valueText(o.Value) != ""
}

// isSusceptibility says whether a result is a line of an antibiogram.
func isSusceptibility(o *record.Observation) bool {
	for _, flag := range o.Flags {
		if susceptibilityVerdict(flag).letter {
			return true
		}
	}
	return false
}
