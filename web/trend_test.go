package web

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"guichet/record"
)

func trendPage(t *testing.T, in Language, trend record.Trend) *html.Node {
	t.Helper()
	base := signedIn(t)
	base.Language = in
	doc, _ := renderedPage(t, newWeb(t), TrendPage{Base: base, Patient: camille(), Trend: trend})
	return doc
}

func TestTrendSaysItsCourse(t *testing.T) {
	for language, want := range map[Language]string{
		French:  "13 résultats depuis février 2021. Le dernier, 11,2 g/dL le 17/11/2026, est au-dessous de l’intervalle de référence (12,0 à 16,0). Les trois derniers baissent : 12,4, puis 12,0, puis 11,2.",
		English: "13 results since February 2021. The last one, 11.2 g/dL on 17 November 2026, is below the reference interval (12.0 to 16.0). The last three fall: 12.4, then 12.0, then 11.2.",
	} {
		doc := trendPage(t, language, someTrend(t))
		lede := all(doc, withAttr("class", "lede"))[0]
		if got := strings.Join(strings.Fields(plain(textOf(lede))), " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	one := someTrend(t).Points[8:9]
	doc := trendPage(t, French, record.Trend{Points: one})
	if got := strings.Join(strings.Fields(plain(textOf(all(doc, withAttr("class", "lede"))[0]))), " "); got != "1 résultat, le 03/11/2025. Le dernier, 12,9 g/dL le 03/11/2025, est dans l’intervalle de référence (12,0 à 16,0)." {
		t.Errorf("one result: %s", got)
	}
}

// Every point of the drawing leads to its row, and the table has every result,
// also those that are not drawn.
func TestTrendTableHasEverything(t *testing.T) {
	doc := trendPage(t, French, someTrend(t))
	rows := make(map[string]bool)
	for _, tr := range all(doc, withAttr("data-code", "*")) {
		id, _ := attr(tr, "id")
		rows[id] = true
		links := all(tr, tagged("a"))
		if len(links) != 1 {
			t.Errorf("row %s has %d links, want one to its report", id, len(links))
		}
	}
	if len(rows) != len(someTrend(t).Points) {
		t.Errorf("%d rows", len(rows))
	}
	points := 0
	for _, svg := range all(doc, withAttr("role", "group")) {
		for _, a := range all(svg, tagged("a")) {
			points++
			href, _ := attr(a, "href")
			if spoken, _ := attr(a, "aria-label"); !rows[strings.TrimPrefix(href, "#")] || spoken == "" {
				t.Errorf("point %s, %q", href, spoken)
			}
		}
	}
	if points != 2*12 { // two sizes; the cancelled one is not drawn
		t.Errorf("%d points", points)
	}
	if n := len(all(doc, withAttr("role", "group"))); n != 4 { // two units, two sizes each
		t.Errorf("%d drawings", n)
	}
	text := plain(textOf(doc))
	for _, want := range []string{"Autre laboratoire. Comparez avec prudence", "Autre méthode. Comparez avec prudence", "Autre unité. Comparez avec prudence", "Annulé", "Corrigé", "Contrôlé.", "< 5", "En g/L", "rien n’est converti"} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	first := all(doc, withAttr("id", "m1"))[0]
	if !strings.Contains(textOf(first), "17/11/2026") {
		t.Error("the newest is not the first")
	}
}

func TestTrendOfWordsIsATableOnly(t *testing.T) {
	words := record.Trend{Points: []record.TrendPoint{{Report: reportID(1), Observation: record.Observation{Name: "Aspect", Value: record.Value{Kind: record.Text, Text: "trouble"}, Sampled: sampled(t, "2026-01-02 08:00")}}}}
	doc := trendPage(t, English, words)
	if len(all(doc, withAttr("role", "group"))) > 0 || !strings.Contains(textOf(doc), "they are not drawn") {
		t.Error("words are drawn")
	}
	if languageOf(doc, "trouble") != "fr" {
		t.Error("the laboratory's words are not marked")
	}
}

func TestTitlesOfPagesHoldNoHealthData(t *testing.T) {
	doc := trendPage(t, French, someTrend(t))
	if strings.Contains(textOf(all(doc, tagged("title"))[0]), "Hémoglobine") {
		t.Error("the title names the analysis")
	}
}

// TestWaitTellsItsEnd: the second from which a try is not early, and the day
// where it is not today's.
func TestWaitTellsItsEnd(t *testing.T) {
	now := time.Date(2026, 11, 19, 22, 59, 30, 0, time.UTC) // 23:59:30 in Paris
	for _, c := range []struct {
		wait time.Duration
		want string
	}{{2 * time.Second, "possible at 23:59:32 (Paris time)"}, {2*time.Second + 1, "possible at 23:59:33 (Paris time)"}, {time.Minute, "possible on Friday 20 November 2026, at 00:00:30 (Paris time)"}} {
		doc, _ := renderedPage(t, newWeb(t), WaitPage{Base: Base{Now: now, Language: English}, Until: now.Add(c.wait), Failures: 1})
		if text := plain(textOf(doc)); !strings.Contains(text, c.want) {
			t.Errorf("after %s: %q is missing", c.wait, c.want)
		}
	}
}

func TestWaitLadder(t *testing.T) {
	l := newWeb(t).french
	var waits []string
	for _, r := range l.newLadder(5, 0) {
		mark := ""
		if r.Current {
			mark = "*"
		}
		waits = append(waits, plain(r.Wait)+mark)
	}
	if got := strings.Join(waits, " "); got != "2 s 4 s 8 s 16 s 32 s* 64 s" { // AA7.c
		t.Errorf("got %s", got)
	}
	if l.newLadder(0, 0) != nil || len(l.newLadder(1_000_000, 0)) != 6 {
		t.Error("no failure has a ladder, or many have a long one")
	}
	if top := l.newLadder(12, time.Hour); plain(top[3].Wait) != "34 min 8 s" || plain(top[4].Wait) != "1 h" || plain(top[5].Wait) != "1 h" {
		t.Errorf("at the cap: got %v", top)
	}
}
