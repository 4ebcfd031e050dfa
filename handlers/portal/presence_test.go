package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/record"
)

// stopClock stops the database's clock, and returns what moves it on.
func (s *site) stopClock(t *testing.T) (pass func(time.Duration)) {
	t.Helper()
	now := time.Now().Truncate(time.Second).Add(time.Second) // after the feed's session was opened
	s.SetClock(t, now)
	return func(d time.Duration) {
		now = now.Add(d)
		s.SetClock(t, now)
	}
}

// presence sends what a page's script sends.
func (b *browser) presence() standingAnswer { b.t.Helper(); return b.standing("/session/presence") }

func (b *browser) standing(path string) standingAnswer {
	b.t.Helper()
	got := b.post(path, nil, map[string]string{"Accept": "application/json"})
	var a standingAnswer
	if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" || !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		b.t.Fatalf("%s: got %d, %s: %s", path, got.status, got.header.Get("Content-Type"), got.body)
	}
	return a
}

// seen is when the session was used last.
func (s *site) seen(t *testing.T) time.Time {
	t.Helper()
	var seen time.Time
	if err := s.Superuser(t).QueryRow(`SELECT max(seen) FROM guichet.session WHERE listener = 'guichet_portal'`).Scan(&seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// TestPresenceKeepsNobodySignedIn: a page that is only open is closed at the
// limit (AA8.c, DT9.a).
func TestPresenceKeepsNobodySignedIn(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	opened := s.seen(t)
	for minute := range 15 {
		got := b.presence()
		if left := (15 * time.Minute) - time.Duration(minute)*time.Minute; got.Ended != "" || got.Idle != left.Seconds() || got.Lead != 120 || !got.IdleAt.Equal(opened.Add(15*time.Minute)) || !got.EndsAt.Equal(opened.Add(8*time.Hour)) {
			t.Fatalf("after %d minutes: got %+v", minute, got)
		}
		pass(time.Minute)
	}
	if got := b.presence(); got.Ended != record.EndIdle || got.Session != "" {
		t.Errorf("at the limit: got %+v", got)
	}
	if !s.seen(t).Equal(opened) {
		t.Error("presence counted as use")
	}
}

func TestPresenceWithoutASession(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	if got := s.browser(t).presence(); got.Ended != noSession {
		t.Errorf("no cookie: got %+v", got)
	}
	unknown := s.browser(t).post("/session/presence", nil, map[string]string{"Cookie": "__Host-guichet=" + strings.Repeat("A", 43)})
	if unknown.status != http.StatusOK || !strings.Contains(unknown.body, `"ended":"none"`) {
		t.Errorf("unknown: got %d, %s", unknown.status, unknown.body)
	}
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	if got := b.presence(); got.Ended != "" || len(got.Session) != 16 || strings.Contains(b.token(), got.Session) {
		t.Errorf("live: got %+v", got)
	}
	b.do("POST", "/logout", nil)
	if got := b.presence(); got.Ended != record.EndLogout {
		t.Errorf("signed out: got %+v", got)
	}
}

func TestContinuing(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	own := s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	for range 4 { // an hour without one page
		pass(14 * time.Minute)
		if got := b.standing("/session/continue"); got.Ended != "" || got.Idle != 900 {
			t.Fatalf("by a script: got %+v", got)
		}
	}
	for back, want := range map[string]string{"/reports/" + own.String(): "/reports/" + own.String(), "/reports?page=2": "/reports?page=2", "": "/", "//evil.example": "/", "/logout": "/", "/nothing": "/"} {
		if got := b.post("/session/continue", url.Values{"back": {back}}, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("by a form, back to %q: got %d to %q", back, got.status, got.header.Get("Location"))
		}
	}
	pass(15 * time.Minute)
	got := b.post("/session/continue", url.Values{"back": {"/reports"}}, nil)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("when it is over: got %d to %q", got.status, got.header.Get("Location"))
	}
	if b.cookie(returnName) != nil {
		t.Error("a form is brought back to")
	}
}

const returnName = "__Host-guichet-return"

func (b *browser) cookie(name string) *http.Cookie {
	public, _ := url.Parse(authtest.PortalURL)
	cookies := b.client.Jar.Cookies(public)
	if i := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == name }); i >= 0 {
		return cookies[i]
	}
	return nil
}

// TestReturnToThePage: after the session ended for want of use, signing in
// again leads back to the page, once (DT9).
func TestReturnToThePage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	own := s.deposit(t, s.me(), "1", "11.2").String()
	for path, want := range map[string]string{"/reports/" + own: "/reports/" + own, "/reports?text=sang&page=2&x=y": "/reports?page=2&text=sang", "/reports?unattended=1&flagged=yes": "/reports?flagged=yes",
		"/": "/", "/reports/" + own + "/original.pdf": "/", "/nothing": "/"} {
		t.Run(path, func(t *testing.T) {
			b := s.browser(t)
			b.signIn()
			pass(15 * time.Minute)
			if got := b.get(path); path != "/nothing" && (got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended") {
				t.Fatalf("got %d to %q", got.status, got.header.Get("Location"))
			}
			ended := b.get("/session-ended")
			clears := ended.header.Get("Clear-Site-Data")
			// The cookies stay by which a person can say that it was not them, and come back.
			if says := strings.Contains(ended.body, "vous ramène à la même page"); says != (want != "/") || (b.cookie(returnName) != nil) != says || clears != dropAllButIt {
				t.Errorf("the page says that it leads back: %v; clears %s", says, clears)
			}
			if c := b.cookie(returnName); c != nil && strings.Contains(c.Value, own[:8]) {
				t.Error("the cookie tells where somebody was")
			}
			if got := b.signIn(); got.header.Get("Location") != want {
				t.Errorf("led to %q, want %q", got.header.Get("Location"), want)
			}
			if b.cookie(returnName) != nil {
				t.Error("the way back was kept")
			}
			if got := b.signIn(); got.header.Get("Location") != "/" {
				t.Errorf("led to %q a second time", got.header.Get("Location"))
			}
		})
	}
}

// TestReturnIsForThatPersonOnly: the session that ended was somebody else's, at
// a computer that is shared.
func TestReturnIsForThatPersonOnly(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	own := s.deposit(t, s.me(), "1", "11.2").String()
	b := s.browser(t)
	b.signIn()
	pass(15 * time.Minute)
	b.get("/reports/" + own)
	if b.cookie(returnName) == nil {
		t.Fatal("nothing was kept")
	}
	s.exec(t, `UPDATE guichet.session SET account = (SELECT id FROM guichet.account WHERE role = 'feed') WHERE listener = 'guichet_portal'`)
	if got := b.signIn(); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Errorf("got %d to %q", got.status, got.header.Get("Location"))
	}
	if b.cookie(returnName) != nil {
		t.Error("it is still there for the next try")
	}
}

// TestNoReturnToWhatWasLeft: after a sign-out, or an error of ours.
func TestNoReturnToWhatWasLeft(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	b.do("POST", "/logout", nil)
	b.get("/reports") // by Back
	if got := b.get("/session-ended"); !strings.Contains(got.header.Get("Clear-Site-Data"), `"cookies"`) || strings.Contains(got.body, "ramène") || b.cookie(returnName) != nil {
		t.Errorf("got %q", got.header.Get("Clear-Site-Data"))
	}
	if got := b.signIn(); got.header.Get("Location") != "/" {
		t.Errorf("led to %q", got.header.Get("Location"))
	}
}

// TestUnattendedPage: what the browser opens by itself reads nothing, counts as
// nobody's action, and shows nothing.
func TestUnattendedPage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	pass := s.stopClock(t)
	own := s.deposit(t, s.me(), "1", "11.2").String()
	path := "/reports/" + own + "?unattended=1"
	if got := s.browser(t).get(path); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("without a session: got %d to %q", got.status, got.header.Get("Location"))
	}
	b := s.browser(t)
	b.signIn()
	opened, reads := s.seen(t), s.traces(t, "report.read", "granted")
	pass(10 * time.Minute)
	got := b.get(path)
	if got.status != http.StatusOK || !strings.Contains(got.body, `id="still-open"`) || strings.Contains(got.body, s.me().Family) || strings.Contains(got.body, "canari") {
		t.Errorf("while it lives: got %d", got.status)
	}
	if !strings.Contains(got.body, `content="305; url=/reports/`+own+`?unattended=1"`) || !strings.Contains(got.body, `name="back" value="/reports/`+own+`"`) {
		t.Error("it does not leave when the session does, or not come back to the page")
	}
	if !s.seen(t).Equal(opened) || s.traces(t, "report.read", "granted") != reads {
		t.Error("it counts as use")
	}
	pass(5 * time.Minute)
	if got := b.get(path); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("afterwards: got %d to %q", got.status, got.header.Get("Location"))
	}
	if got := b.get("/session-ended"); !strings.Contains(got.body, `data-reason="idle"`) {
		t.Error("the reason is not told")
	}
	if n := s.traces(t, "session.end", "granted"); n != 1 {
		t.Errorf("%d ends traced", n)
	}
	b.signIn()
	b.do("POST", "/logout?unattended=1", nil)
	if got := b.presence(); got.Ended != record.EndLogout {
		t.Errorf("a form that claims to be unattended: got %+v", got)
	}
}

// TestScriptsRunInASessionOnly, and only ours (DT10).
func TestScriptsRunInASessionOnly(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2").String()
	b := s.browser(t)
	b.signIn()
	const watched = "; script-src 'self'; connect-src 'self'"
	for _, path := range []string{"/", "/reports", "/reports/" + own, "/account", "/help", "/nothing", "/reports?unattended=1"} {
		in, out := b.get(path), s.browser(t).get(path)
		if !strings.HasSuffix(in.header.Get("Content-Security-Policy"), watched) || strings.Count(in.body, "<script") != 1 {
			t.Errorf("%s, signed in: %d scripts under %q", path, strings.Count(in.body, "<script"), in.header.Get("Content-Security-Policy"))
		}
		if in.header.Get("Refresh") != "" {
			t.Errorf("%s: a header leads away from what a script has lengthened", path)
		}
		if strings.Contains(out.header.Get("Content-Security-Policy"), "script-src") || strings.Contains(out.body, "<script") {
			t.Errorf("%s, signed out: a script", path)
		}
	}
	b.do("POST", "/logout", nil)
	if got := b.get("/session-ended"); strings.Contains(got.header.Get("Content-Security-Policy"), "script-src") || strings.Contains(got.body, "<script") {
		t.Error("the last page has a script")
	}
}

// TestPresenceIsOneRoundTrip: it is sent each minute by every open page.
func TestPresenceIsOneRoundTrip(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	m, metered := s.metered(t)
	s.serve(t, metered)
	b := s.browser(t)
	b.signIn()
	b.presence() // prepares its statement
	before := m.count()
	b.presence()
	if trips := m.count() - before; trips != 1 {
		t.Errorf("got %d round trips", trips)
	}
}

func TestLead(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{15 * time.Minute: 2 * time.Minute, 4 * time.Minute: 2 * time.Minute, time.Minute: 30 * time.Second} {
		if got := lead(idle); got != want {
			t.Errorf("%s: got %s, want %s", idle, got, want)
		}
	}
}
