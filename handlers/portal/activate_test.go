package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

// renamed deposits the record of whoever signs in under another birth name, and
// makes a code for it.
func (s *site) renamed(t *testing.T) (record.ActivationCode, *store.Store, store.Request) {
	t.Helper()
	who := s.me()
	who.Family = "AUTREMENT"
	s.deposit(t, who, "1", "11.2")
	console, operator := s.Open(t, "guichet_console"), storetest.Request()
	if err := console.OpenOperator(t.Context(), operator, "admin", limits); err != nil {
		t.Fatal(err)
	}
	patient, err := console.FindPatient(t.Context(), operator, record.Identifier{Authority: "HOP", Value: "1"})
	if err != nil {
		t.Fatal(err)
	}
	code, _, err := console.MakeCode(t.Context(), operator, patient, store.CodeLifetime)
	if err != nil {
		t.Fatal(err)
	}
	return code, console, operator
}

func typed(code string) url.Values { return url.Values{"code": {code}} }

func TestActivation(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	code, _, _ := s.renamed(t)
	b := s.browser(t)
	got := b.signIn()
	if got.status != http.StatusForbidden || !strings.Contains(got.body, `action="/activate"`) || !regexp.MustCompile(`id="waiting">[0-9A-Z]{4}-[0-9A-Z]{4}<`).MatchString(got.body) {
		t.Fatalf("refused: got %d\n%s", got.status, got.body)
	}
	if got := b.get("/activate"); got.status != http.StatusOK || !strings.Contains(got.body, `name="code"`) {
		t.Errorf("the form again: got %d", got.status)
	}
	if got := b.get("/activate?code=" + string(code)); got.status != http.StatusOK || b.token() != "" || s.traces(t, "sign-in", "granted") != 0 {
		t.Errorf("by GET: got %d, token %q: want nothing used up", got.status, b.token())
	}
	if got := b.post("/activate", typed(code.Groups()), map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}); got.status != http.StatusForbidden || b.token() != "" {
		t.Errorf("from another site: got %d", got.status)
	}
	refused := s.traces(t, "sign-in", "refused")
	for _, wrong := range []string{"", "ABCD", `"><script>`, code.Groups()[:33] + "!", strings.Repeat("0", 100)} {
		got := b.post("/activate", typed(wrong), nil)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "erreur de saisie") || strings.Contains(got.body, "<script") {
			t.Errorf("%q: got %d", wrong, got.status)
		}
	}
	if n := s.traces(t, "sign-in", "refused"); n != refused {
		t.Errorf("%d slips count as failures", n-refused)
	}
	another := record.NewActivationCode()
	if got := b.post("/activate", typed(another.Groups()), nil); got.status != http.StatusTooManyRequests {
		t.Errorf("before its time: got %d", got.status) // the sign-in that led nowhere was a failure (AA7)
	}
	pass(2 * time.Second)
	got = b.post("/activate", typed(another.Groups()), nil)
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "n’ouvre aucun dossier") || !strings.Contains(got.body, another.Groups()) || b.token() != "" {
		t.Errorf("another code: got %d", got.status)
	}
	if n := s.traces(t, "sign-in", "refused"); n != refused+1 {
		t.Errorf("a wrong code left %d entries, want one", n-refused)
	}
	pass(4 * time.Second)
	got = b.post("/activate", typed(strings.ToLower(code.Groups())), nil)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/activated" || b.token() == "" {
		t.Fatalf("the code: got %d to %q", got.status, got.header.Get("Location"))
	}
	if got := b.get("/activated"); got.status != http.StatusOK || !strings.Contains(got.body, "Votre dossier est ouvert") || !strings.Contains(got.body, `action="/logout"`) {
		t.Errorf("accepted: got %d", got.status)
	}
	if got := b.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "Titre-canari") {
		t.Errorf("home: got %d", got.status)
	}
	if got := b.get("/activate"); got.status != http.StatusSeeOther {
		t.Errorf("the form after: got %d", got.status)
	}
	if strings.Contains(s.log.String(), string(code)) || strings.Contains(s.log.String(), code.Groups()) || strings.Contains(s.log.String(), another.Groups()) {
		t.Error("a code stands in the log")
	}
	again := s.browser(t)
	if got := again.signIn(); got.status != http.StatusSeeOther {
		t.Errorf("the next sign-in: got %d", got.status)
	}
}

// TestActivationWithoutProof: a code alone opens nothing, nor does a proof of
// another browser's after its code was used.
func TestActivationWithoutProof(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	code, _, _ := s.renamed(t)
	stranger := s.browser(t)
	for range 30 { // nothing was tried, so nobody behind this address waits for it (AA7.e)
		got := stranger.post("/activate", typed(code.Groups()), nil)
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/" || stranger.token() != "" || s.traces(t, "sign-in", "refused") != 0 {
			t.Fatalf("without a proof: got %d, %d entries", got.status, s.traces(t, "sign-in", "refused"))
		}
	}
	b, thief := s.browser(t), s.browser(t)
	pass(2 * time.Second)
	b.signIn()
	pass(4 * time.Second)
	public, _ := url.Parse(authtest.PortalURL)
	thief.client.Jar.SetCookies(public, b.client.Jar.Cookies(public))
	if got := b.post("/activate", typed(code.Groups()), nil); got.status != http.StatusSeeOther {
		t.Fatalf("got %d", got.status)
	}
	if got := thief.post("/activate", typed(code.Groups()), nil); got.status != http.StatusForbidden || thief.token() != "" {
		t.Errorf("the same proof and code again: got %d", got.status)
	}
}

// TestSuspendedPerson: the session that is open ends at once, and the next
// sign-in says whom to call (GA4.c).
func TestSuspendedPerson(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	code, console, operator := s.renamed(t)
	b := s.browser(t)
	b.signIn()
	pass(2 * time.Second)
	b.post("/activate", typed(code.Groups()), nil)
	stolen := s.browser(t)
	public, _ := url.Parse(authtest.PortalURL)
	stolen.client.Jar.SetCookies(public, b.client.Jar.Cookies(public))
	if got := stolen.get("/reports"); got.status != http.StatusOK {
		t.Fatalf("got %d", got.status)
	}
	accounts, err := console.ListAccounts(t.Context(), operator, &record.Identifier{Authority: "HOP", Value: "1"})
	if err != nil || len(accounts) != 1 {
		t.Fatal(accounts, err)
	}
	if err := console.SetAccountState(t.Context(), operator, accounts[0].ID, store.Suspended, "usurpation"); err != nil {
		t.Fatal(err)
	}
	got := stolen.get("/reports")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("a stolen cookie, the moment after: got %d", got.status)
	}
	if got := stolen.get("/session-ended"); !strings.Contains(got.body, `data-reason="admin"`) {
		t.Error("the page does not say that the hospital ended it")
	}
	again := s.browser(t)
	got = again.signIn()
	if got.status != http.StatusForbidden || again.token() != "" || !strings.Contains(got.body, "Votre accès est fermé") || !strings.Contains(got.body, "01 99 00 00 00") ||
		strings.Contains(got.body, "/activate") || strings.Contains(got.body, "usurpation") {
		t.Errorf("sign-in: got %d\n%s", got.status, got.body)
	}
}
