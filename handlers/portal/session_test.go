package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/store"
	"guichet/store/storetest"
)

// choose changes a setting as an operator at the machine does.
func (s *site) choose(t *testing.T, name, value string) {
	t.Helper()
	console, req := s.Open(t, "guichet_console"), storetest.Request()
	if err := console.OpenOperator(t.Context(), req, "root", store.Limits{Lifetime: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := console.ChangeSetting(t.Context(), req, name, value); err != nil {
		t.Fatal(err)
	}
}

func (b *browser) wantLed(path, where string) {
	b.t.Helper()
	if got := b.get(path); got.status != http.StatusSeeOther || got.header.Get("Location") != where {
		b.t.Errorf("%s: got %d to %q, want 303 to %s", path, got.status, got.header.Get("Location"), where)
	}
}

// TestReplacedBrowserIsTold why, when and from how near, names nobody, and can
// alert with one button, without signing in (AA8.d, AA8.e).
func TestReplacedBrowserIsTold(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	old, newer := s.browser(t), s.browser(t)
	old.signIn()
	newer.signIn()
	if got := newer.get("/reports"); got.status != http.StatusOK {
		t.Fatalf("the newer one: got %d", got.status)
	}
	old.wantLed("/reports", "/session-ended")
	page := old.get("/session-ended")
	for _, want := range []string{`data-reason="replaced"`, "aujourd’hui", "(heure de Paris)", "même réseau", "avec FranceConnect", `action="/session/alert"`, "01 99 00 00 01"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page.body, s.me().Family) || strings.Contains(page.body, "203.0.113") {
		t.Error("the page names somebody, or a place")
	}
	if clear := page.header.Get("Clear-Site-Data"); !strings.Contains(clear, "cache") || !strings.Contains(clear, "storage") {
		t.Errorf("Clear-Site-Data: got %q", clear)
	}
	if old.token() != "" {
		t.Error("the cookie of the session is still there")
	}
	if got := old.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "/login/franceconnect") {
		t.Errorf("the doors: got %d", got.status)
	}
	if got := old.get("/session-ended"); !strings.Contains(got.body, `data-reason="replaced"`) {
		t.Error("the page does not say the same again")
	}
	alert := old.do("POST", "/session/alert", nil)
	if alert.status != http.StatusOK || !strings.Contains(alert.body, "Alerte reçue") || !strings.Contains(alert.body, `class="code"`) {
		t.Fatalf("alert: got %d", alert.status)
	}
	newer.wantLed("/reports", "/session-ended")
	if got := newer.get("/session-ended"); !strings.Contains(got.body, `data-reason="admin"`) {
		t.Error("the other one is not told that the hospital closed it")
	}
	if again := old.do("POST", "/session/alert", nil); again.status != http.StatusOK || s.traces(t, "incident.report", "granted") != 1 {
		t.Errorf("sent again: got %d, %d incidents", again.status, s.traces(t, "incident.report", "granted"))
	}
	if got := s.browser(t).do("POST", "/session/alert", nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Errorf("from nowhere: got %d", got.status)
	}
}

// TestStolenCookieIsUseless at once and on every process, though each believes
// for some seconds what it was told last.
func TestStolenCookieIsUseless(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *site, b *browser){
		"sign-out":    func(_ *testing.T, _ *site, b *browser) { b.do("POST", "/logout", nil) },
		"replacement": func(t *testing.T, s *site, _ *browser) { s.browser(t).signIn() },
		"alert":       func(_ *testing.T, _ *site, b *browser) { b.do("POST", "/session/alert", nil) },
		"idle limit": func(t *testing.T, s *site, _ *browser) {
			s.exec(t, `UPDATE guichet.session SET seen = seen - interval '2 minutes', opened = opened - interval '2 minutes' WHERE expires IS NULL`)
			s.choose(t, "session.idle", "1 minute")
		},
		"absolute limit": func(t *testing.T, s *site, _ *browser) {
			s.exec(t, `UPDATE guichet.session SET opened = opened - interval '8 hours' WHERE expires IS NULL`)
		},
		"another person in the browser": func(_ *testing.T, s *site, b *browser) {
			s.become("another", other)
			b.signIn()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, auth.FranceConnect)
			own := s.deposit(t, s.me(), "1", "11.2")
			s.deposit(t, other, "2", "13.0")
			b := s.browser(t)
			b.signIn()
			stolen := map[string]string{"Cookie": "__Host-guichet=" + b.token()}
			first := s.server
			s.serve(t, s.Open(t, "guichet_portal"))
			thieves := []*browser{s.browser(t)}
			s.server = first
			thieves = append(thieves, s.browser(t))
			for _, thief := range thieves {
				if got := thief.do("GET", "/reports", stolen); got.status != http.StatusOK {
					t.Fatalf("before: got %d", got.status)
				}
			}
			end(t, s, b)
			for i, thief := range thieves {
				for _, path := range []string{"/reports", "/", "/reports/" + own.String(), "/account"} {
					if got := thief.do("GET", path, stolen); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
						t.Errorf("process %d, %s: got %d to %q", i, path, got.status, got.header.Get("Location"))
					}
				}
				for _, path := range []string{"/help", "/nothing"} {
					if got := thief.do("GET", path, stolen); strings.Contains(got.body, s.me().Family) || strings.Contains(got.body, s.me().Given) {
						t.Errorf("process %d, %s names the owner", i, path)
					}
				}
			}
		})
	}
}

// TestHandOver: in mode refuse the new session waits, is offered the turn on
// whatever page it asks for, and takes it or leaves it (AA8.b).
func TestHandOver(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	s.choose(t, "session.mode", "refuse")
	first, second := s.browser(t), s.browser(t)
	first.signIn()
	if got := second.signIn(); got.status != http.StatusSeeOther || second.token() == "" {
		t.Fatalf("sign-in: got %d", got.status)
	}
	for _, path := range []string{"/", "/reports", "/reports/" + own.String(), "/account"} {
		second.wantLed(path, "/session-open")
	}
	page := second.get("/session-open")
	for _, want := range []string{"Une session est déjà ouverte", "depuis <b>aujourd’hui à", "Dernière action", `action="/session/take-over"`, `action="/session/alert"`, `action="/logout"`} {
		if page.status != http.StatusOK || !strings.Contains(page.body, want) {
			t.Errorf("got %d, without %q", page.status, want)
		}
	}
	if strings.Contains(page.body, s.me().Family) || page.header.Get("Refresh") == "" {
		t.Error("the page names somebody, or does not look again")
	}
	first.wantLed("/session-open", "/")
	if got := second.do("POST", "/session/take-over", map[string]string{"Sec-Fetch-Site": "cross-site"}); got.status != http.StatusForbidden {
		t.Errorf("from another site: got %d", got.status)
	}
	if got := second.do("POST", "/session/take-over", nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Errorf("take over: got %d", got.status)
	}
	if got := second.get("/reports"); got.status != http.StatusOK {
		t.Errorf("afterwards: got %d", got.status)
	}
	first.wantLed("/reports", "/session-ended")
	if got := first.get("/session-ended"); !strings.Contains(got.body, `data-reason="replaced"`) {
		t.Error("the first one is not told")
	}

	third := s.browser(t)
	third.signIn()
	third.wantLed("/", "/session-open")
	third.do("POST", "/logout", nil)
	third.wantLed("/reports", "/session-ended")
	if got := second.get("/reports"); got.status != http.StatusOK {
		t.Errorf("leaving the queue closed the other one: got %d", got.status)
	}
}

// TestProvidersSessionIsClosedToo also when the session here ended by itself
// (AA12.b).
func TestProvidersSessionIsClosedToo(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	s.exec(t, `UPDATE guichet.session SET seen = seen - interval '15 minutes', opened = opened - interval '15 minutes' WHERE expires IS NULL`)
	b.wantLed("/reports", "/session-ended")
	page := b.get("/session-ended")
	if !strings.Contains(page.body, `data-reason="idle"`) || !strings.Contains(page.body, `action="/session/provider"`) {
		t.Fatal("the page does not offer to close the provider's session")
	}
	for range 2 { // should the provider have been down at first
		got := b.do("POST", "/session/provider", nil)
		at, err := url.Parse(got.header.Get("Location"))
		if err != nil || got.status != http.StatusSeeOther || at.Query().Get("id_token_hint") == "" || !strings.HasPrefix(at.String(), s.provider.Issuer()) {
			t.Fatalf("got %d to %q", got.status, got.header.Get("Location"))
		}
		back := b.get("/session-ended?state=" + url.QueryEscape(at.Query().Get("state")))
		if !strings.Contains(back.body, `data-reason="idle"`) || !strings.Contains(back.body, "Votre session FranceConnect est fermée aussi.") || strings.Contains(back.body, `action="/session/provider"`) {
			t.Error("back from the provider: not said")
		}
	}
	if got := s.browser(t).do("POST", "/session/provider", nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Errorf("from nowhere: got %d to %q", got.status, got.header.Get("Location"))
	}
}

// TestFirstPageTellsOfTheLastSignIn, whichever it is, and no other (AA9).
func TestFirstPageTellsOfTheLastSignIn(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	for i, deep := range []string{"/reports", "/reports/" + own.String(), "/access-log", "/"} {
		b := s.browser(t)
		b.signIn()
		b.get("/help") // is nobody's page
		b.get("/reports/" + own.String() + "/original.pdf")
		got := b.get(deep)
		want := "Votre dernière connexion"
		if i == 0 {
			want = "première connexion"
		}
		if strings.Count(got.body, `id="last-login"`) != 1 || !strings.Contains(got.body, want) {
			t.Errorf("%s: does not tell, or not once", deep)
		}
		if got := b.get("/reports"); strings.Contains(got.body, `id="last-login"`) {
			t.Errorf("after %s: tells again", deep)
		}
	}
}

// TestAnotherPersonIsIdentified in a browser whose session is somebody else's:
// that one ends, also where the other leads to no record.
func TestAnotherPersonIsIdentified(t *testing.T) {
	for name, known := range map[string]bool{"known": true, "unknown": false} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, auth.FranceConnect)
			s.deposit(t, s.me(), "1", "11.2")
			if known {
				s.deposit(t, other, "2", "13.0")
			}
			b := s.browser(t)
			b.signIn()
			old := map[string]string{"Cookie": "__Host-guichet=" + b.token()}
			s.become("another", other)
			if got := b.signIn(); (got.status == http.StatusSeeOther) != known {
				t.Fatalf("got %d", got.status)
			}
			if got := s.browser(t).do("GET", "/session-ended", old); !strings.Contains(got.body, `data-reason="identity"`) {
				t.Errorf("got %d, want the reason identity", got.status)
			}
		})
	}
}

// TestErrorThatCannotBeWrittenEndsTheSession: the token opens nothing in this
// process meanwhile, and nothing anywhere once the database can be told (DT8).
func TestErrorThatCannotBeWrittenEndsTheSession(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	stolen := map[string]string{"Cookie": "__Host-guichet=" + b.token()}
	s.exec(t, `ALTER FUNCTION guichet.receive(bytea, bigint) RENAME TO receive_not; ALTER FUNCTION guichet.end_session(bytea, inet[], uuid, text) RENAME TO end_session_not`)
	got := b.get("/reports")
	if got.status != http.StatusInternalServerError || b.token() != "" || !strings.Contains(got.header.Get("Clear-Site-Data"), "cache") {
		t.Errorf("got %d, token %q", got.status, b.token())
	}
	s.exec(t, `ALTER FUNCTION guichet.receive_not(bytea, bigint) RENAME TO receive`)
	if got := s.browser(t).do("GET", "/reports", stolen); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("meanwhile: got %d", got.status)
	}
	s.exec(t, `ALTER FUNCTION guichet.end_session_not(bytea, inet[], uuid, text) RENAME TO end_session`)
	if err := s.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.serve(t, s.Open(t, "guichet_portal"))
	if got := s.browser(t).do("GET", "/session-ended", stolen); !strings.Contains(got.body, `data-reason="error"`) {
		t.Errorf("on another process: got %d", got.status)
	}
}

// TestLimitsAreTold as they are now, to those who are signed in and to anyone.
func TestLimitsAreTold(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	s.choose(t, "session.idle", "5 minutes")
	b := s.browser(t)
	b.signIn()
	if got := b.get("/reports").body; !strings.Contains(got, `<meta http-equiv="refresh" content="305;`) {
		t.Error("the page is not left once its session has ended")
	}
	if got := s.browser(t).get("/legal/privacy"); !strings.Contains(got.body, "5\u00a0minutes") {
		t.Error("the privacy page tells other limits")
	}
}

// TestWhatComesBackByItselfIsNoAction: the pages that a browser loads again by
// itself do not lengthen the session (DT9).
func TestWhatComesBackByItselfIsNoAction(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	s.exec(t, `UPDATE guichet.session SET seen = seen - interval '10 minutes', opened = opened - interval '10 minutes' WHERE expires IS NULL`)
	seen := func() (at time.Time) {
		t.Helper()
		if err := s.Superuser(t).QueryRow(`SELECT seen FROM guichet.session WHERE expires IS NULL`).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	before := seen()
	s.serve(t, s.portal) // remembers nothing
	again := s.browser(t)
	again.client.Jar = b.client.Jar
	again.get("/session-ended")
	again.get("/session-open")
	if after := seen(); !after.Equal(before) {
		t.Error("it was counted as use")
	}
	s.serve(t, s.portal)
	again = s.browser(t)
	again.client.Jar = b.client.Jar
	again.get("/reports")
	if after := seen(); !after.After(before) {
		t.Error("a page was not counted as use")
	}
}
