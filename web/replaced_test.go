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

// TestCorrectionLeadsToItsResults: the notice at the top of a report names the
// results that changed, each a link to its row.
func TestCorrectionLeadsToItsResults(t *testing.T) {
	numeric := func(name string, was *record.Replaced) record.Observation {
		return record.Observation{Name: name, Status: record.Corrected, Value: record.Value{Kind: record.Numeric, Text: "4.5"}, Replaced: was}
	}
	was := &record.Replaced{Value: record.Value{Kind: record.Numeric, Text: "6.2"}}
	for _, c := range []struct {
		panels []record.Panel
		want   string
	}{
		{[]record.Panel{{Observations: []record.Observation{numeric("Sodium", nil)}}}, "précédentes."},
		{[]record.Panel{{Observations: []record.Observation{numeric("Sodium", nil), numeric("Potassium", was)}}}, "précédentes. Résultat corrigé : Potassium."},
		{[]record.Panel{{Observations: []record.Observation{numeric("Sodium", was)}}, {Observations: []record.Observation{numeric("Potassium", was)}}}, "précédentes. Résultats corrigés : Sodium, Potassium."},
	} {
		doc, _ := renderedPage(t, newWeb(t), ReportPage{Report: &record.Report{Status: record.Corrected, Panels: c.panels}})
		notice := all(doc, withAttr("class", "remark method"))[0]
		if got := strings.ReplaceAll(textOf(notice), "\u00a0", " "); !strings.HasSuffix(got, c.want) {
			t.Errorf("got %q, want it to end in %q", got, c.want)
		}
		for _, link := range all(notice, tagged("a")) {
			to, _ := attr(link, "href")
			rows := all(doc, withAttr("id", strings.TrimPrefix(to, "#")))
			if len(rows) != 1 || !strings.Contains(textOf(rows[0]), textOf(link)) {
				t.Errorf("%s leads to %d rows, or to one that does not name it", textOf(link), len(rows))
			}
		}
	}
}
