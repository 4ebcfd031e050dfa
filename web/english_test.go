package web

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"guichet/record"
)

func TestEnglishDatesAndHours(t *testing.T) {
	l := newWeb(t).english
	at := time.Date(2026, time.November, 1, 6, 5, 9, 0, time.UTC) // 07:05:09 in Paris
	for got, want := range map[string]string{
		l.day(at):                     "1 November 2026",
		l.dayless(at):                 "November 2026",
		l.shortDate(at):               "1 Nov 2026",
		l.hour(at):                    "07:05",
		l.wideHour(at):                "07:05 ",
		l.exactHour(at):               "07:05:09",
		l.longDay(at):                 "Sunday 1 November 2026",
		l.dayAndHour(at, at):          "today, Sunday 1 November 2026, at 07:05",
		l.dayAndHour(at, time.Time{}): "Sunday 1 November 2026 at 07:05",
		l.moment(record.Moment{At: at, Precision: record.ToMinute}):        "1 November 2026, 07:05",
		l.weekdayMoment(record.Moment{At: at, Precision: record.ToSecond}): "Sunday 1 November 2026, 07:05",
		l.minutes(8 * time.Hour):             "8 hours",
		l.minutes(time.Minute):               "1 minute",
		l.fileSize(1_240_000):                "1.2 MB",
		l.count(0, l.say.Report.ResultCount): "0 results",
	} {
		if plain(got) != strings.TrimSpace(want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEnglishNumbers(t *testing.T) {
	l := newWeb(t).english
	for in, want := range map[string]string{"5.30": "5.30", "4000": "4,000", "-180000.5": "-180,000.5", "0012": "0012", "1,5": "1,5", "": ""} {
		if got := l.number(in); got != want {
			t.Errorf("number(%q) = %q, want %q", in, got, want)
		}
	}
	if shown, _, known := l.reference("4,0 à 10,0", ""); plain(shown) != "4.0 to 10.0" || !known {
		t.Errorf("interval: %q", shown)
	}
	if shown, _, _ := l.reference("négatif si < 0.5", ""); shown != "négatif si < 0.5" {
		t.Errorf("words of the laboratory: %q", shown)
	}
}

// What was sent as a date is shown as the page shows dates; what only looks
// like one is left alone.
func TestDatesAmongResults(t *testing.T) {
	w := newWeb(t)
	for printed, want := range map[string][2]string{
		"2026-11-17":                {"17/11/2026", "17 November 2026"},
		"2026-11-17 07:42":          {"17/11/2026 à 07:42", "17 November 2026, 07:42"},
		"2026-11-17 07:42:09":       {"17/11/2026 à 07:42", "17 November 2026, 07:42"},
		"2026-11-17 07:42 +0500":    {"17/11/2026 à 07:42", "17 November 2026, 07:42"},
		"2026-11-17T07:42:09+05:00": {"17/11/2026 à 07:42", "17 November 2026, 07:42"},
		"2026-11-17 – 2026-11-19":   {"17/11/2026 – 19/11/2026", "17 November 2026 – 19 November 2026"},
		"2026-11":                   {"2026-11", "2026-11"},
		"2026-11-17 – ?":            {"2026-11-17 – ?", "2026-11-17 – ?"},
		"2026-13-45":                {"2026-13-45", "2026-13-45"},
		"2026-11-17 et après":       {"2026-11-17 et après", "2026-11-17 et après"},
		"0-04-":                     {"0-04-", "0-04-"},
	} {
		value := record.Value{Kind: record.Text, Text: printed}
		if got := plain(w.french.valueText(value)); got != want[0] {
			t.Errorf("%s in French: %q", printed, got)
		}
		if got := plain(w.english.valueText(value)); got != want[1] {
			t.Errorf("%s in English: %q", printed, got)
		}
	}
}

// The laboratory's words keep their language, and say so where the page has
// another (WCAG 3.1.2).
func TestLaboratorysWordsAreMarkedInEnglish(t *testing.T) {
	w := newWeb(t)
	base := signedIn(t)
	base.Language = English
	doc, _ := renderedPage(t, w, ReportPage{Base: base, Patient: camille(), Report: fullReport(t)})
	for _, words := range []string{"Hémoglobine", "bacilles à Gram négatif", "Première ligne.", "positif à partir de 1/80", "spectrophotométrie", "Anémie modérée.", "Prélèvement à jeun.", "Sang veineux", "Numération sanguine (NFS)", "Bilan sanguin complet"} {
		if got := languageOf(doc, words); got != "fr" {
			t.Errorf("%s is said to be %q", words, got)
		}
	}
	for _, words := range []string{"below", "12.0\u00a0to\u00a016.0", "Laboratory comment:", "In brief", "in progress"} {
		if got := languageOf(doc, words); got != "en" {
			t.Errorf("%s is said to be %q", words, got)
		}
	}
	if _, source := renderedPage(t, w, ReportPage{Base: signedIn(t), Patient: camille(), Report: fullReport(t)}); strings.Count(source, `lang="fr"`) != 1 {
		t.Error("a French page marks French words")
	}
}

// languageOf is the language that the first text with some words is said to be
// in.
func languageOf(doc *html.Node, words string) string {
	for n := range doc.Descendants() {
		if n.Type != html.TextNode || !strings.Contains(n.Data, words) || n.Parent.Data == "title" {
			continue
		}
		for at := n.Parent; at != nil; at = at.Parent {
			if language, said := attr(at, "lang"); said {
				return language
			}
		}
	}
	return "nowhere"
}
