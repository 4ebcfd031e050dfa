package web

import (
	"testing"

	"guichet/record"
)

// TestOneCountOfAbnormal: what the top of a report counts is what the list of
// reports counted at intake.
func TestOneCountOfAbnormal(t *testing.T) {
	for _, flag := range []record.Flag{"H", "HU", "HH", "HX", "L", "LU", "LL", "LX", ">", "<", "A", "AA", "POS", "DET", "RR", "WR", "", "N", "NEG", "ND", "NR",
		"IND", "E", "U", "D", "B", "W", "S", "VS", "I", "MS", "SDD", "R", "NS", "XYZ"} {
		counted := new(flagSentences).verdictOf(flag, true).counting
		if got := counted == outInterval || counted == singledOut; got != flag.Abnormal() {
			t.Errorf("%q: counted on the report %v, in the list %v", flag, got, flag.Abnormal())
		}
	}
}
