package portal

import (
	"net/http"
	"strings"
	"testing"

	"guichet/auth"
	"guichet/record"
	"guichet/store"
)

// Guides are open to anyone; someone signed in keeps the menu and the way out,
// and nothing is read for them.
func TestGuidesAreOpenToAnyone(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	var before int
	if err := s.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	for _, g := range guides {
		out := s.browser(t).get(g.path)
		if out.status != http.StatusOK || strings.Contains(out.body, `action="/logout"`) || strings.Contains(out.body, `class="nav"`) {
			t.Errorf("%s, signed out: got %d, or the menu", g.path, out.status)
		}
		in := b.get(g.path)
		if in.status != http.StatusOK || !strings.Contains(in.body, `action="/logout"`) || strings.Contains(in.body, s.me().Family) {
			t.Errorf("%s, signed in: got %d, no way out, or a name", g.path, in.status)
		}
	}
	var after int
	if err := s.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace`).Scan(&after); err != nil || after != before {
		t.Errorf("left %d entries (%v)", after-before, err)
	}
	b.do("POST", "/logout", nil)
	if got := b.get("/help"); got.status != http.StatusOK || strings.Contains(got.body, `action="/logout"`) {
		t.Errorf("after signing out: got %d, or a way out", got.status)
	}
}

// What the law asks to be told is told, with the limits in force (GP1.d, GP1.g,
// GA6, GA7, GA8).
func TestGuidesSayWhatTheLawAsks(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	b := s.browser(t)
	for path, want := range map[string][]string{
		"/help/security":       {"mot de passe", "navigateur", "FranceConnect", "CPS", "01 99 00 00 01"},
		"/contact":             {"01 99 00 00 00", "a@b.example", "01 99 00 00 01", "toujours"},
		"/contact/phishing":    {"01 99 00 00 01", "a@b.example", "jour et nuit"},
		"/legal/notice":        {"Hôpital d’essai", "Hébergeur", "Délégué à la protection des données", "non renseigné par l’hôpital"},
		"/legal/privacy":       {"adresse IP", "15\u00a0minutes", "8\u00a0heures", "CNIL", "Cookies"},
		"/legal/accessibility": {"non conforme", "aucun audit n’a été réalisé", "Défenseur des droits"},
		"/legal/terms":         {"FranceConnect", "appelez le 15"},
		"/help":                {`id="report"`, `id="trend"`, `id="access-log"`, `id="account"`},
	} {
		got := b.get(path)
		for _, words := range want {
			if !strings.Contains(got.body, words) {
				t.Errorf("%s does not say %q", path, words)
			}
		}
	}
}

func TestTrendPage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	s.deposit(t, other, "2", "13.0")
	b := s.browser(t)
	b.signIn()
	got := b.get("/trends/718-7")
	if got.status != http.StatusOK || !strings.Contains(got.body, "11,2") || strings.Contains(got.body, "13,0") {
		t.Errorf("got %d, without the value or with another's", got.status)
	}
	if strings.Contains(got.body[:strings.Index(got.body, "</title>")], "Hémoglobine") {
		t.Error("the title of the page holds health data")
	}
	if n := s.traces(t, "trend.read", "granted"); n != 1 {
		t.Errorf("left %d entries", n)
	}
	for _, path := range []string{"/trends/none", "/trends/%2e%2e", "/trends/718-7?system=", "/trends/%00", "/trends/" + strings.Repeat("x", 3000)} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%.40s: got %d", path, got.status)
		}
	}
}

func TestAccountPage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	b.signIn()
	got := b.get("/account")
	if got.status != http.StatusOK || strings.Count(got.body, "<tr role=\"row\"><th role=\"rowheader\"") != 2 || !strings.Contains(got.body, s.me().Family) || !strings.Contains(got.body, `id="not-you"`) {
		t.Errorf("got %d: %d sign-ins", got.status, strings.Count(got.body, "<tr role=\"row\"><th role=\"rowheader\""))
	}
}

// TestHolderClosesTheAccount: asked first, by the button of that page alone, and
// told; the provider's session can be closed afterwards (GA4.d).
func TestHolderClosesTheAccount(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	if got := b.get("/account"); !strings.Contains(got.body, `href="/account/close"`) {
		t.Error("the account page does not lead there")
	}
	if got := b.get("/account/close"); got.status != http.StatusOK || !strings.Contains(got.body, `method="post" action="/account/close"`) {
		t.Errorf("asked: got %d", got.status)
	}
	if got := b.get("/reports"); got.status != http.StatusOK {
		t.Fatalf("asking has closed it: got %d", got.status)
	}
	if got := b.do("POST", "/account/close", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}); got.status != http.StatusForbidden {
		t.Errorf("another site: got %d", got.status)
	}
	got := b.do("POST", "/account/close", nil)
	if got.status != http.StatusOK || !strings.Contains(got.body, "Votre compte est fermé") || !strings.Contains(got.body, `action="/session/provider"`) ||
		strings.Contains(got.body, s.me().Family) || !strings.Contains(got.header.Get("Clear-Site-Data"), "cache") {
		t.Errorf("closed: got %d, %q", got.status, got.header.Get("Clear-Site-Data"))
	}
	b.wantLed("/reports", "/")
	if got := b.do("POST", "/session/provider", nil); got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Location"), "id_token_hint=") {
		t.Errorf("the provider's session: got %d to %q", got.status, got.header.Get("Location"))
	}
	if got := s.browser(t).signIn(); got.status != http.StatusForbidden || !strings.Contains(got.body, "Votre accès est fermé") {
		t.Errorf("the next sign-in: got %d", got.status)
	}
}

func TestReportsAreFiltered(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	_, err := s.intake.Deposit(t.Context(), s.feed, &store.Deposit{Sender: "LABO", Control: "urines", Raw: []byte("MSH|urines"), Identity: s.me(), Identifiers: []record.Identifier{{Authority: "HOP", Value: "1"}},
		Reports: []store.Ordered{{Orders: []string{"urines"}, Report: record.Report{Status: record.Final, Title: "Examen des urines", Laboratory: "Bio-Vallon", Count: 1, Abnormal: 1, Panels: []record.Panel{{Title: "P", Observations: []record.Observation{{
			Code: record.Code{System: "LABO", Value: "GB"}, Name: "Leucocytes", Value: record.Value{Kind: record.Numeric, Text: "9"}, Flags: []record.Flag{"H"}, Status: record.Final}}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.signIn()
	for query, want := range map[string]int{
		"": 2, "?text=URINES": 1, "?text=urine+examen": 1, "?text=canari": 1, "?text=rien": 0, "?flagged=yes": 1, "?flagged=no": 2, "?period=6m": 0, "?period=x": 2, "?laboratory=none": 0,
		"?page=99": 2, "?page=-1": 2, "?text=%ff%00": 2, "?text=" + strings.Repeat("a", 2000): 0,
	} {
		got := b.get("/reports" + query)
		if n := strings.Count(got.body, `<li class="rep">`); got.status != http.StatusOK || n != want {
			t.Errorf("%.40s: got %d, %d reports, want %d", query, got.status, n, want)
		}
	}
}
