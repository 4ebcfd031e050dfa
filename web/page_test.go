package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"guichet/record"
)

func TestEveryPageIsWellMade(t *testing.T) {
	w := newWeb(t)
	inEveryLanguage(t, func(t *testing.T, l Language, name string, page Page) {
		doc, source := renderedPage(t, w, page)
		if titles := all(doc, tagged("title")); len(titles) != 1 || !strings.HasSuffix(textOf(titles[0]), " – Guichet, Centre hospitalier de Belleroche") {
			t.Errorf("title: %v", titles)
		}
		if n := len(all(doc, tagged("h1"))); n != 1 {
			t.Errorf("%d h1, want 1", n)
		}
		for _, role := range []string{"banner", "main", "contentinfo"} {
			if n := len(all(doc, withAttr("role", role))); n != 1 {
				t.Errorf("%d elements of role %s, want 1", n, role)
			}
		}
		if roots := all(doc, tagged("html")); roots[0].Attr == nil || roots[0].Attr[0].Val != string(l) {
			t.Error("the language is not said")
		}
		if strings.Contains(source, "ZgotmplZ") || strings.Contains(source, "<no value>") {
			t.Error("a template was given what it refuses")
		}
		if !strings.Contains(source, "01 99 00 55 00") {
			t.Error("the support is not named (GA8.a)")
		}
		checkNames(t, doc)
		checkPolicy(t, doc)
		checkLinks(t, doc)
		if l == French {
			checkTypography(t, doc)
		}
	})
}

// inEveryLanguage runs a check on each page.
func inEveryLanguage(t *testing.T, check func(t *testing.T, l Language, name string, page Page)) {
	for _, l := range []Language{French, English} {
		for name, page := range everyPage(t, l) {
			t.Run(string(l)+"/"+name, func(t *testing.T) { check(t, l, name, page) })
		}
	}
}

// checkNames: identifiers are unique, and whatever needs a name has one.
func checkNames(t *testing.T, doc *html.Node) {
	t.Helper()
	ids := make(map[string]bool)
	for _, n := range all(doc, withAttr("id", "*")) {
		id, _ := attr(n, "id")
		if ids[id] {
			t.Errorf("id %q twice", id)
		}
		ids[id] = true
	}
	for _, n := range all(doc, withAttr("aria-labelledby", "*")) {
		if id, _ := attr(n, "aria-labelledby"); !ids[id] {
			t.Errorf("labelled by %q, which is not there", id)
		}
	}
	for _, n := range all(doc, tagged("nav")) {
		if _, named := attr(n, "aria-label"); !named {
			t.Error("a nav without a name")
		}
	}
	checkLabels(t, doc)
	for _, n := range all(doc, tagged("a", "button", "summary", "h1", "h2", "h3", "th")) {
		if strings.TrimSpace(textOf(n)) == "" {
			t.Errorf("an empty %s", n.Data)
		}
	}
	for _, n := range all(doc, tagged("svg")) {
		role, _ := attr(n, "role")
		_, named := attr(n, "aria-label")
		if hidden, _ := attr(n, "aria-hidden"); hidden != "true" && !(role == "group" && named) {
			t.Error("a picture that is neither hidden from screen readers nor named")
		}
	}
}

// checkLabels: every field has its label, in words.
func checkLabels(t *testing.T, doc *html.Node) {
	t.Helper()
	labelled := make(map[string]bool)
	within := make(map[*html.Node]bool)
	for _, label := range all(doc, tagged("label")) {
		if strings.TrimSpace(textOf(label)) == "" {
			t.Error("an empty label")
		}
		id, _ := attr(label, "for")
		labelled[id] = true
		for _, field := range all(label, tagged("input")) {
			within[field] = true
		}
	}
	for _, n := range all(doc, tagged("input", "select", "textarea")) {
		id, _ := attr(n, "id")
		if kind, _ := attr(n, "type"); kind != "hidden" && !within[n] && (id == "" || !labelled[id]) {
			t.Errorf("%s %s without a label", n.Data, id)
		}
	}
}

// checkPolicy: nothing that a strict Content-Security-Policy would stop.
func checkPolicy(t *testing.T, doc *html.Node) {
	t.Helper()
	for _, n := range all(doc, tagged("script")) {
		if src, _ := attr(n, "src"); !strings.HasPrefix(src, "/static/session-") || n.FirstChild != nil {
			t.Errorf("a script that is not the one there is: %q", src)
		}
	}
	for _, n := range all(doc, tagged("style", "iframe", "object", "embed", "base", "img")) {
		t.Errorf("a %s in the page", n.Data)
	}
	for _, n := range all(doc, func(*html.Node) bool { return true }) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s has %s", n.Data, a.Key)
			}
			if slices.Contains([]string{"href", "src", "action", "formaction", "xlink:href"}, a.Key) && strings.Contains(a.Val, "//") {
				t.Errorf("%s leads to another host: %s", n.Data, a.Val)
			}
		}
	}
}

// reportedLine is where a line of the access log is reported.
var reportedLine = regexp.MustCompile(`^/access-log/\d+/report$`)

// checkLinks: every link leads to a page that exists.
func checkLinks(t *testing.T, doc *html.Node) {
	t.Helper()
	known := regexp.MustCompile(`^(/|/login/(franceconnect|psc)|/reports(\?[a-z0-9=&%+]+)?|/reports/[0-9a-f-]{36}(/original\.pdf)?|/access-log(\.csv|\.pdf)?(\?[a-z0-9=&]+(#access-months)?)?|/access-log/\d+/(proof(\.tlog-proof)?|report)|/legal/(traces\.pub|checkpoint)|/trends/[^/?]+(\?system=[^&/]*)?|/account(#not-you|/close)?|` +
		`/help(#(home|reports|report|trend|access-log|proof|report-access|account|close-account|nothing-shared))?|/help/security|/contact(/phishing)?|/legal/(notice|privacy|accessibility|terms)|/static/[a-z0-9-]+\.(css|svg)|tel:\+\d+|mailto:guichet@ch-belleroche\.example)$`)
	for _, n := range all(doc, withAttr("href", "*")) {
		href, _ := attr(n, "href")
		if target, within := strings.CutPrefix(href, "#"); within {
			if len(all(doc, withAttr("id", target))) != 1 {
				t.Errorf("dead link %s", href)
			}
		} else if !known.MatchString(href) {
			t.Errorf("dead link %s", href)
		}
	}
	for _, form := range all(doc, tagged("form")) {
		action, _ := attr(form, "action")
		method, _ := attr(form, "method")
		if want := map[string]string{"/logout": "post", "/language": "post", "/session/continue": "post", "/reports": "get", "/access-log": "get", "/session/alert": "post", "/session/take-over": "post", "/session/provider": "post", "/activate": "post", "/account/close": "post", "/access-log/report": "post"}[reportedLine.ReplaceAllString(action, "/access-log/report")]; method != want {
			t.Errorf("form %s %s", method, action)
		}
	}
}

// checkTypography: no line may begin with a punctuation mark that French sets
// apart, and apostrophes are curly.
func checkTypography(t *testing.T, doc *html.Node) {
	t.Helper()
	wrong := regexp.MustCompile(`.{0,20}( [:;?!»]|« |\w'\w|\d h|h \d).{0,20}`)
	for d := range doc.Descendants() {
		if d.Type == html.TextNode {
			if bad := wrong.FindString(d.Data); bad != "" {
				t.Errorf("typography of %q", bad)
			}
		}
	}
}

func TestSignedInPagesOfferSignOut(t *testing.T) {
	w := newWeb(t)
	base := signedIn(t)
	for _, page := range []Page{HomePage{Base: base}, ReportsPage{Base: base}, ReportPage{Base: base}, TrendPage{Base: base}, AccessLogPage{Base: base}, AccountPage{Base: base}, GuidePage{Base: base, Guide: Help}, NothingSharedPage{Base: base}, NotFoundPage{base}, UnavailablePage{base}} {
		doc, _ := renderedPage(t, w, page)
		if n := len(all(doc, withAttr("action", "/logout"))); n != 1 {
			t.Errorf("%T: %d ways to sign out", page, n)
		}
		if got := textOf(all(doc, withAttr("class", "who"))[0]); got != "Camille Moreau FranceConnect · fermeture sans action à\u00a010\u00a0h\u00a047" {
			t.Errorf("%T: the header says %q", page, got)
		}
	}
	for _, page := range []Page{SessionEndedPage{Base: base}, InternalPage{base}} {
		if _, source := renderedPage(t, w, page); strings.Contains(source, "Camille") || strings.Contains(source, "/logout") {
			t.Errorf("%T names someone whose session is over", page)
		}
	}
}

func TestLastSignIn(t *testing.T) {
	w := newWeb(t)
	page := HomePage{Base: signedIn(t), LastSignIn: &record.SignIn{At: instant(t, "2026-11-03 18:12"), Provider: "franceconnect"}}
	doc, _ := renderedPage(t, w, page)
	section := all(doc, withAttr("id", "last-login"))[0]
	if got, _ := attr(all(section, tagged("time"))[0], "datetime"); got != "2026-11-03T18:12:00+01:00" {
		t.Errorf("datetime = %s", got)
	}
	want := "Votre dernière connexion : mardi 3 novembre 2026 à 18 h 12 (heure de Paris), avec FranceConnect.Depuis : aucune tentative de connexion refusée.Ce n’était pas vous ?"
	if got := plain(textOf(section)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	page.LastSignIn.Refused = 1
	doc, _ = renderedPage(t, w, page)
	if got := plain(textOf(all(doc, withAttr("id", "last-login"))[0])); !strings.Contains(got, "Depuis : 1 tentative refusée.") {
		t.Errorf("refused attempts: %s", got)
	}
	page.LastSignIn.RefusedAt = instant(t, "2026-11-19 07:51")
	doc, _ = renderedPage(t, w, page)
	if got := plain(textOf(all(doc, withAttr("id", "last-login"))[0])); !strings.Contains(got, "Depuis : 1 tentative refusée, le 19/11 à 07 h 51.") {
		t.Errorf("refused attempt: %s", got)
	}
	page.LastSignIn.Refused = 3
	page.Language = English
	doc, _ = renderedPage(t, w, page)
	if got := plain(textOf(all(doc, withAttr("id", "last-login"))[0])); !strings.Contains(got, "Since then: 3 refused attempts, the latest on 19 November at 07:51.") {
		t.Errorf("refused attempts: %s", got)
	}
	doc, _ = renderedPage(t, w, HomePage{Base: signedIn(t), FirstSignIn: true})
	if got := textOf(all(doc, withAttr("id", "last-login"))[0]); !strings.HasPrefix(got, "C’est votre première connexion à Guichet.") {
		t.Errorf("first sign-in: %s", got)
	}
}

// TestFirstPageGreets: the last sign-in stands once on the first page after a
// sign-in, whichever it is (AA9).
func TestFirstPageGreets(t *testing.T) {
	w := newWeb(t)
	last := &record.SignIn{At: instant(t, "2026-11-03 18:12"), Provider: "franceconnect"}
	base := signedIn(t)
	base.Greeting = &Greeting{LastSignIn: last}
	for name, page := range map[string]Page{
		"reports": ReportsPage{Base: base}, "access log": AccessLogPage{Base: base},
		"home": HomePage{Base: base, LastSignIn: last}, "nothing shared": NothingSharedPage{Base: base, LastSignIn: last},
	} {
		doc, _ := renderedPage(t, w, page)
		if found := all(doc, withAttr("id", "last-login")); len(found) != 1 || !strings.Contains(plain(textOf(found[0])), "mardi 3 novembre 2026 à 18 h 12") {
			t.Errorf("%s: told %d times", name, len(found))
		}
	}
	base.Greeting = &Greeting{}
	doc, _ := renderedPage(t, w, ReportsPage{Base: base})
	if found := all(doc, withAttr("id", "last-login")); len(found) != 1 || !strings.Contains(textOf(found[0]), "première connexion") {
		t.Error("a first sign-in is not told")
	}
}

func TestAlreadyOpenSaysSinceWhen(t *testing.T) {
	w := newWeb(t)
	base := signedIn(t)
	for want, since := range map[string]time.Time{
		"Votre compte est ouvert sur un autre appareil depuis aujourd’hui à 10 h 02 (heure de Paris). Dernière action : 10 h 29.":                  instant(t, "2026-11-19 10:02"),
		"Votre compte est ouvert sur un autre appareil depuis le mercredi 18 novembre 2026 à 23 h 50 (heure de Paris). Dernière action : 10 h 29.": instant(t, "2026-11-18 23:50"),
	} {
		doc, source := renderedPage(t, w, AlreadyOpenPage{Base: base, Since: since, Seen: instant(t, "2026-11-19 10:29")})
		if got := plain(textOf(doc)); !strings.Contains(got, want) || strings.Contains(source, "Camille") {
			t.Errorf("got %s", got)
		}
	}
}

// plain writes no-break spaces as spaces, for reading in a test.
func plain(s string) string { return strings.NewReplacer(nbsp, " ", narrowNbsp, " ").Replace(s) }

func TestSessionEndedGivesItsReason(t *testing.T) {
	w := newWeb(t)
	says := map[record.EndReason]string{
		record.EndReplaced: "Une nouvelle connexion à votre compte a eu lieu aujourd’hui, jeudi 19 novembre 2026, à 10 h 32 (heure de Paris). Une seule session peut être ouverte à la fois : celle-ci a donc été fermée.",
		record.EndIdle:     "Elle est restée 15 minutes sans action. Une nouvelle connexion vous ramène à la même page.",
		record.EndExpired:  "Elle a atteint sa durée maximale de 8 heures.",
		record.EndError:    "Un problème est survenu de notre côté. Par sécurité, votre session a été fermée.",
		record.EndAdmin:    "L’hôpital a fermé cette session à 10 h 32. Pour en connaître la raison, appelez le support.",
		record.EndIdentity: "Une autre personne s’est identifiée sur ce poste.",
		record.EndPresence: "Ce navigateur ne répondait plus.",
		record.EndLogout:   "Votre session Guichet est fermée. Pensez à fermer aussi FranceConnect.",
	}
	for _, reason := range endReasons() {
		page := everyPage(t, French)["ended, "+string(reason)]
		doc, _ := renderedPage(t, w, page)
		section := all(doc, withAttr("id", "session-ended"))[0]
		if got, _ := attr(section, "data-reason"); got != string(reason) {
			t.Errorf("data-reason = %q, want %q", got, reason)
		}
		if got := plain(textOf(section)); !strings.Contains(got, says[reason]) || !strings.Contains(got, "Aucune donnée n’est restée dans ce navigateur.") {
			t.Errorf("%s: %s", reason, got)
		}
	}
	doc, _ := renderedPage(t, w, SessionEndedPage{Reason: record.EndLogout, Provider: "psc", ProviderClosed: true})
	if got := textOf(doc); !strings.Contains(got, "Votre session Pro Santé Connect est fermée aussi.") {
		t.Error("a confirmed sign-out at the provider is not said")
	}
}

func TestNotFoundKeepsItsSize(t *testing.T) {
	w := newWeb(t)
	base := signedIn(t)
	_, one := renderedPage(t, w, NotFoundPage{base})
	base.Reference = "ZZZZ-9999"
	base.Now = base.Now.Add(-20 * time.Hour)
	base.Viewer.IdleAt = base.Viewer.IdleAt.Add(-5 * time.Hour)
	_, other := renderedPage(t, w, NotFoundPage{base})
	if len(one) != len(other) {
		t.Errorf("%d and %d bytes", len(one), len(other))
	}
	if strings.ReplaceAll(one, "G7K2-41QF", "ZZZZ-9999") != strings.ReplaceAll(other, "05\u00a0h\u00a047", "10\u00a0h\u00a047") {
		t.Error("the pages differ by more than the reference and the hour")
	}
}

func TestAccessLogHasALineForEveryAccess(t *testing.T) {
	w := newWeb(t)
	doc, _ := renderedPage(t, w, AccessLogPage{Base: signedIn(t), Patient: camille(), Accesses: someAccesses(t)})
	lines := all(all(doc, withAttr("id", "access-log"))[0], withAttr("data-trace", "*"))
	says := []string{
		"10 h 32Vous avez ouvert la liste des comptes rendus.",
		"14 h 05Dr Samir Benali, médecin a lu un compte rendu.Motif : équipe de soins.",
		"09 h 10LABO, système de l’hôpital a déposé 2 comptes rendus.",
		"03 h 21Dr Nora Delmas, médecin Accès d’urgence a ouvert le document d’origine d’un compte rendu.Motif : urgence, sans partage préalable.",
		"08 h 15Dr Paul Renaud, soins infirmiers Accès refusé a demandé un accès qui a été refusé.Aucune donnée n’a été lue.",
		"08 h 10Personne ou service sans nom connu, professionnel de santé Non abouti a demandé un accès qui n’a pas abouti.Aucune donnée n’a été affichée.",
		"08 h 05Agent 0417, informatique de l’hôpital Hors soins a agi sur le dossier (identity.read).Motif : partage que vous avez ouvert.",
		"08 h 01Paul Moreau a ouvert la page d’accueil du dossier.Motif : représentation de la personne dont c’est le dossier.",
		"08 h 00Officier, gestion des traces Hors soins a ouvert la liste des accès.",
	}
	if len(lines) != len(says) {
		t.Fatalf("%d lines, want %d", len(lines), len(says))
	}
	for i, line := range lines {
		got, report, reportable := strings.Cut(strings.TrimSpace(plain(textOf(line))), " Signaler")
		if got != says[i] || reportable == (i == 0) || reportable && report != " la ligne de "+says[i][:len("14 h 05")] {
			t.Errorf("got  %s, to be reported %s\nwant %s", got, report, says[i])
		}
	}
	if got, _ := attr(lines[0], "data-trace"); got != "9" {
		t.Errorf("data-trace = %s", got)
	}
}

func TestReportsAreListedNewestSampleFirst(t *testing.T) {
	w := newWeb(t)
	reports := someReports(t)
	for _, page := range []Page{ReportsPage{Base: signedIn(t), Reports: reports}, HomePage{Base: signedIn(t), Reports: reports, New: reports[1:3]}} {
		doc, _ := renderedPage(t, w, page)
		var got []string
		for _, a := range all(all(doc, withAttr("id", "reports"))[0], tagged("a")) {
			href, _ := attr(a, "href")
			got = append(got, href+" "+textOf(a))
		}
		want := []string{
			"/reports/" + reportID(1).String() + " Bilan",
			"/reports/" + reportID(3).String() + " Compte rendu de laboratoire",
			"/reports/" + reportID(2).String() + " Ionogramme",
			"/reports/" + reportID(4).String() + " Sans date",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%T: got %q\nwant %q", page, got, want)
		}
	}
	if reports[0].ID != reportID(4) {
		t.Error("the caller's slice was reordered")
	}
}

// failing is a page whose template is not there.
type failing struct{}

func (failing) language() Language { return French }

func (failing) view(*language) (string, Base, any) { return "none", Base{}, nil }

func TestRenderWritesAllOrNothing(t *testing.T) {
	w := newWeb(t)
	rec := httptest.NewRecorder()
	if err := w.Render(rec, http.StatusOK, failing{}); err == nil {
		t.Error("no error")
	}
	if rec.Body.Len() > 0 || len(rec.Header()) > 0 {
		t.Error("something was written")
	}
	rec = httptest.NewRecorder()
	if err := w.Render(rec, http.StatusNotFound, NotFoundPage{}); err != nil {
		t.Fatal(err)
	}
	h := rec.Result()
	if h.StatusCode != http.StatusNotFound || h.Header.Get("Cache-Control") != "no-store" ||
		h.Header.Get("Content-Type") != "text/html; charset=utf-8" || h.ContentLength != int64(rec.Body.Len()) {
		t.Errorf("status %d, header %v", h.StatusCode, h.Header)
	}
}

func TestTheInternalPageCannotFail(t *testing.T) {
	w := newWeb(t)
	delete(w.french.templates, "internal")
	rec := httptest.NewRecorder()
	if err := w.Render(rec, http.StatusInternalServerError, InternalPage{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(rec.Body.String(), "Un problème est survenu de notre côté") {
		t.Error("the fallback was not written")
	}
}

func TestADoorIsForSomeone(t *testing.T) {
	if _, err := New(Site{Doors: []Door{{Provider: "x", Label: "X"}}}); err == nil {
		t.Error("a door for nobody was accepted")
	}
}

func TestIdentityLine(t *testing.T) {
	now := instant(t, "2026-11-19 10:32")
	for _, c := range []struct {
		identity record.Identity
		want     string
	}{
		{camille().Identity, "MOREAU Camille, née LEFÈVRE, 14/03/1984 (42 ans), Femme"},
		{record.Identity{Family: "Moreau", Given: "Léo", Birthdate: "2017-12-02", Sex: record.Male}, "MOREAU Léo, 02/12/2017 (8 ans), Garçon"},
		{record.Identity{Family: "Moreau", Given: "Ava", Birthdate: "2025-11-20", Sex: record.Female}, "MOREAU Ava, 20/11/2025 (0 an), Fille"},
		{record.Identity{Family: "Diallo", Given: "Issa", Usual: "DIALLO", Birthdate: "1950-00-00", Sex: record.Male}, "DIALLO Issa, 1950, Homme"},
		{record.Identity{Family: "Diallo", Given: "Issa", Usual: "Ba", Birthdate: "1950-06-00"}, "BA Issa, nom de naissance DIALLO, 06/1950"},
		{record.Identity{Family: "X", Birthdate: "pas une date"}, "X"},
		{record.Identity{}, ""},
	} {
		if got := plain(newWeb(t).french.newIdentityLine(&record.Patient{Identity: c.identity}, now).print()); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestProviderGoesByItsLabel: FranceConnect+ is not called FranceConnect.
func TestProviderGoesByItsLabel(t *testing.T) {
	w, err := New(Site{Doors: []Door{{Provider: "franceconnect", Label: "FranceConnect+", For: ForPatients}}})
	if err != nil {
		t.Fatal(err)
	}
	at := instant(t, "2026-11-03 18:12")
	base := signedIn(t)
	base.Greeting = &Greeting{LastSignIn: &record.SignIn{At: at, Provider: "franceconnect"}}
	for name, page := range map[string]Page{
		"greeting":       ReportsPage{Base: base},
		"account":        AccountPage{Base: signedIn(t), SignIns: []record.SignIn{{At: at, Provider: "franceconnect"}}},
		"unmatched":      UnmatchedPage{Means: "franceconnect"},
		"sign-in failed": SignInFailedPage{Means: "franceconnect"},
		"session ended":  SessionEndedPage{Reason: record.EndReplaced, At: at, Provider: "franceconnect", ProviderCloses: true, Newer: &Newer{Provider: "franceconnect"}},
	} {
		doc, _ := renderedPage(t, w, page)
		if text := textOf(doc); !strings.Contains(text, "FranceConnect+") || regexp.MustCompile(`(?i)franceconnect([^+]|$)`).MatchString(text) {
			t.Errorf("%s: the provider does not go by its label", name)
		}
	}
}
