package web

import (
	"strings"
	"testing"
	"time"

	"guichet/record"
)

// TestReplacedValueIsStruck: the older value stays in sight, struck out, in the
// words of both languages.
func TestReplacedValueIsStruck(t *testing.T) {
	w := newWeb(t)
	o := record.Observation{Code: record.Code{System: record.LOINC, Value: "718-7"}, Name: "Hémoglobine", Status: record.Corrected,
		Value: record.Value{Kind: record.Numeric, Text: "12.4"}, Unit: "g/dL",
		Replaced: &record.Replaced{Deposited: time.Date(2026, 11, 17, 15, 20, 0, 0, time.UTC), Value: record.Value{Kind: record.Numeric, Text: "11.2"},
			Unit: "g/dL", Reference: "12.0-16.0", Flags: []record.Flag{"L"}}}
	for language, want := range map[Language]string{
		French:  "Corrigé. Ce résultat remplace 11,2 g/dL, au-dessous, reçu par Guichet le mardi 17 novembre 2026 à 16 h 20.",
		English: "Corrected. This result replaces 11.2 g/dL, below, received by Guichet on Tuesday 17 November 2026 at 16:20.",
	} {
		page := ReportPage{Base: Base{Language: language}, Report: &record.Report{Panels: []record.Panel{{Observations: []record.Observation{o}}}}}
		doc, _ := renderedPage(t, w, page)
		remarks := all(doc, withAttr("class", "remark correction"))
		if len(remarks) != 1 || len(all(remarks[0], tagged("del"))) != 1 {
			t.Fatalf("%s: %d remarks, want one with a struck value", language, len(remarks))
		}
		if got := strings.ReplaceAll(textOf(remarks[0]), "\u00a0", " "); got != want {
			t.Errorf("%s: got  %s\nwant %s", language, got, want)
		}
	}
}
