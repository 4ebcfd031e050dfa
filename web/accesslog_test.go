package web

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"guichet/record"
)

func TestAccessFilterTakesWhatItKnows(t *testing.T) {
	for query, want := range map[string]AccessFilter{
		"": {}, "who=others&act=read&period=1m": {Others: true, Act: "read", Period: OneMonth}, "who=me&act=everything&period=5y&before=12": {},
		"act=office&period=1y": {Act: "office", Period: OneYear}, "period=6m": {Period: HalfAYear}, "act=&who=&period=&months=no": {},
	} {
		form, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := ParseAccessFilter(form); got != want {
			t.Errorf("%s: got %+v", query, got)
		}
		back, err := url.ParseQuery(strings.TrimPrefix(want.path("/access-log", "12"), "/access-log?"))
		if err != nil || ParseAccessFilter(back) != want || back.Get("before") != "12" {
			t.Errorf("%s: the next page has %v (%v)", query, back, err)
		}
	}
	now := instant(t, "2026-11-19 10:32")
	if got := (AccessFilter{Period: OneMonth}).Since(now); !got.Equal(now.AddDate(0, -1, 0)) {
		t.Errorf("a month ago: got %v", got)
	}
	if got := (AccessFilter{}).Since(now); !got.IsZero() {
		t.Errorf("for ever: got %v", got)
	}
}

// TestFilteredAccessLogKeepsItsFilter: on the next page, and in the files.
func TestFilteredAccessLogKeepsItsFilter(t *testing.T) {
	w := newWeb(t)
	page := AccessLogPage{Base: signedIn(t), Patient: camille(), Accesses: someAccesses(t), Total: 1234, More: true, Filter: AccessFilter{Others: true, Act: "read", Period: OneYear}}
	doc, _ := renderedPage(t, w, page)
	for _, path := range []string{"/access-log?act=read&before=1&period=1y&who=others", "/access-log.csv?act=read&period=1y&who=others", "/access-log.pdf?act=read&period=1y&who=others"} {
		if len(all(doc, withAttr("href", path))) != 1 {
			t.Errorf("no link to %s", path)
		}
	}
	var chosen []string
	for _, option := range all(doc, withAttr("selected", "*")) {
		value, _ := attr(option, "value")
		chosen = append(chosen, value)
	}
	if !slices.Equal(chosen, []string{"others", "read", "1y"}) {
		t.Errorf("chosen is %q", chosen)
	}
	if got := plain(textOf(all(doc, withAttr("id", "access-count"))[0])); got != "1234 accès, avec ces filtres." {
		t.Errorf("the count: got %q", got)
	}
}

// TestMonthsAddUp to what there is, and say by whom (CNIL-4.3-18).
func TestMonthsAddUp(t *testing.T) {
	got := newWeb(t).french.newAccessMonths(someMonths(t))
	if len(got) != 2 || got[0].Month != "Novembre 2026" || got[0].Total != "7" || plain(strings.Join(got[0].By, ", ")) != "3 par vous, 4 par des soignants" || got[1].Total != "2" {
		t.Errorf("got %+v", got)
	}
}

// TestPurposeInWords: a grant says what it is for, even in a word that has no words
// of its own; one's own reading needs no reason.
func TestPurposeInWords(t *testing.T) {
	l := newWeb(t).french
	for want, a := range map[string]record.Access{
		"Motif : équipe de soins. Finalité : suivi.": {Ground: record.GrantCare, Purpose: "suivi"}, "Motif : partage que vous avez ouvert.": {Ground: record.GrantShare},
		"Motif : représentation de la personne dont c’est le dossier. Finalité : dossier de la personne elle-même.": {Ground: record.GrantMandate, Purpose: "own-record"},
		"": {Ground: record.GrantSelf, Purpose: "own-record", Self: true},
	} {
		if got := plain(l.groundWords(&a)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEveryEventOfTheLogHasItsWords(t *testing.T) {
	w := newWeb(t)
	for _, l := range []*language{w.french, w.english} {
		for _, event := range []string{"home.read", "report.list", "report.read", "document.read", "trend.read", "access-log.read", "access-log.proof", "access.report", "report.deposit",
			"patient.deposit", "patient.contact", "patient.lookup", "account.list", "code.make", "identity.link", "affected.read", "trace.read"} {
			if got := l.didWords(&record.Access{Event: event, Outcome: "granted"}); strings.Contains(got, event) || got == "" {
				t.Errorf("%s: %s is told as %q", l.code, event, got)
			}
		}
		if got := l.qualityWords(&record.Access{Role: record.RoleOperator}); got == "" {
			t.Errorf("%s: an operator has no quality", l.code)
		}
	}
}

// TestAccessTable: what is told on the page stands in the table, and nothing in it
// is a formula.
func TestAccessTable(t *testing.T) {
	w := newWeb(t)
	accesses := someAccesses(t)
	accesses[1].About = &someReports(t)[2]
	accesses[2].Who = "=1+1"
	accesses[3].Who = "Delmas; \"Nora\", Dr\nurgences"
	text, err := w.AccessTable(AccessLogPage{Accesses: accesses})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 1+len(accesses) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := []string{"8", "2026-11-18 14:05:00", "Dr Samir Benali", "médecin", "a lu un compte rendu.", "Bilan 17/11/2026", "Accordé", "Motif\u00a0: équipe de soins."}
	if !slices.Equal(rows[2], want) {
		t.Errorf("got  %q\nwant %q", rows[2], want)
	}
	if rows[3][2] != "'=1+1" || rows[4][2] != accesses[3].Who || rows[5][6] != "Accès refusé" {
		t.Errorf("got %q, %q, %q", rows[3][2], rows[4][2], rows[5][6])
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.ContainsRune("=+-@", []rune(cell + " ")[0]) {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	english, err := w.AccessTable(AccessLogPage{Base: Base{Language: English}, Accesses: accesses[:1], More: true})
	if err != nil || !strings.Contains(string(english), "opened the list of reports.") || !strings.Contains(string(english), "Older accesses are not in this file.") {
		t.Errorf("got %s, %v", english, err)
	}
}

// TestAccessDocument: a long log has its lines whole, on pages that are numbered, in
// the letters that names have.
func TestAccessDocument(t *testing.T) {
	w := newWeb(t)
	accesses := someAccesses(t)
	accesses[1].Who, accesses[1].About = "Dr Łukasz Œuvrard-Nuñez ≥ 10⁹/L", &someReports(t)[2]
	for len(accesses) < 200 {
		accesses = append(accesses, accesses[len(accesses)%9])
	}
	for _, l := range []Language{French, English} {
		base := signedIn(t)
		base.Language = l
		text, err := w.AccessDocument(AccessLogPage{Base: base, Patient: camille(), Accesses: accesses, Total: 200, Filter: AccessFilter{Others: true}})
		if err != nil || !bytes.HasPrefix(text, []byte("%PDF-")) || !bytes.Contains(text, []byte("%%EOF")) {
			t.Fatalf("%s: %v", l, err)
		}
		again, err := w.AccessDocument(AccessLogPage{Base: base, Patient: camille(), Accesses: accesses, Total: 200, Filter: AccessFilter{Others: true}})
		if err != nil || !bytes.Equal(text, again) {
			t.Errorf("%s: the same log is another document (%v)", l, err)
		}
		if pages := bytes.Count(text, []byte("/Type /Page\n")); pages < 5 {
			t.Errorf("%s: %d pages", l, pages)
		}
		if file := os.Getenv("GUICHET_PDF"); file != "" {
			if err := os.WriteFile(file+string(l)+".pdf", text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.AccessDocument(AccessLogPage{}); err != nil {
		t.Error("an empty one:", err)
	}
}
