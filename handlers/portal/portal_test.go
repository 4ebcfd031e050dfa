package portal

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"guichet/auth"
	"guichet/auth/mischief"
	"guichet/handlers"
	"guichet/record"
)

var other = record.Identity{Family: "AUTRE", Given: "Zoé", Birthdate: "1970-01-01", Sex: record.Female, Birthplace: "75101"}

// TestEveryRoute walks the table: without a session, with one that has ended,
// from another site, with another method, and as one who may.
func TestEveryRoute(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	deposited := s.latest(t, "report.deposit")
	routes := (&Portal{}).routes()
	if len(routes) < 7 {
		t.Fatalf("only %d routes", len(routes))
	}
	for _, route := range routes {
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			path := strings.NewReplacer("{report}", own.String(), "{code}", "718-7", "{entry}", deposited).Replace(route.Path)
			if route.Class == handlers.SignedIn {
				if got := s.browser(t).do(route.Method, path, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
					t.Errorf("without a session: got %d to %q, want 303 to /", got.status, got.header.Get("Location"))
				}
				ended := s.browser(t)
				ended.signIn()
				ended.do("POST", "/logout", nil)
				if got := ended.do(route.Method, path, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
					t.Errorf("with an ended session: got %d to %q, want 303 to /session-ended", got.status, got.header.Get("Location"))
				}
			}
			b := s.browser(t)
			b.signIn()
			if route.Method == "POST" {
				if got := b.do("POST", path, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}); got.status != http.StatusForbidden {
					t.Errorf("from another site: got %d, want 403", got.status)
				}
			}
			for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
				if got := b.do(method, path, nil); got.status != http.StatusNotFound && got.status != http.StatusForbidden {
					t.Errorf("%s: got %d, want 404", method, got.status)
				}
			}
			if route.Event == handlers.Untraced {
				return
			}
			before := s.traces(t, string(route.Event), "granted")
			got := b.do(route.Method, path, nil)
			if route.Method+path == "POST/account/close" { // the next route has a session again
				s.exec(t, `INSERT INTO guichet.account_state (account, state, reason, at, entry) SELECT account, 'active', 'mistake', at, entry + 1 FROM guichet.account_state WHERE state = 'blocked'`)
			}
			if got.status >= 400 {
				t.Errorf("as one who may: got %d", got.status)
			}
			if after := s.traces(t, string(route.Event), "granted"); after != before+1 {
				t.Errorf("left %d entries %s, want 1", after-before, route.Event)
			}
			if cache := got.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
				t.Errorf("Cache-Control: got %q", cache)
			}
		})
	}
}

// TestSignInRoute covers the two routes that the provider has a part in.
func TestSignInRoute(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	got := b.signIn()
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Fatalf("got %d to %q", got.status, got.header.Get("Location"))
	}
	cookie := got.header.Values("Set-Cookie")
	session := regexp.MustCompile(`^__Host-guichet=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; Secure; SameSite=Lax$`)
	found := false
	for _, c := range cookie {
		found = found || session.MatchString(c)
	}
	if !found {
		t.Errorf("session cookie: got %q", cookie)
	}
	first := b.token()
	b.signIn()
	if b.token() == first || first == "" {
		t.Error("the token is not renewed at sign-in (AA10)")
	}
	if n := s.traces(t, "sign-in", "granted"); n != 2 {
		t.Errorf("got %d sign-ins", n)
	}
}

// TestRefusedSignIn: each refusal of the provider's answer leaves its entry and
// opens nothing.
func TestRefusedSignIn(t *testing.T) {
	for fault, reason := range map[mischief.Fault]string{mischief.WrongNonce: "nonce", mischief.LowACR: "acr", mischief.AccessDenied: "denied",
		mischief.WrongState: "state", mischief.UserinfoOtherSubject: "subject", mischief.TokenRefused: "exchange"} {
		t.Run(string(fault), func(t *testing.T) {
			s := newSite(t, auth.FranceConnect)
			s.deposit(t, s.me(), "1", "11.2")
			s.provider.Fault = fault
			b := s.browser(t)
			if got := b.signIn(); got.status != http.StatusForbidden || b.token() != "" {
				t.Errorf("got %d, token %q", got.status, b.token())
			}
			var got string
			if err := s.Superuser(t).QueryRow(`SELECT reason FROM guichet.trace WHERE type = 'sign-in' AND outcome = 'refused'`).Scan(&got); err != nil || got != reason {
				t.Errorf("entry: got %q (%v), want %q", got, err, reason)
			}
		})
	}
}

// TestEveryFaultHasItsEntryAndOnePage goes through everything that a provider
// can do wrong, but for what takes its time or needs keys that are not yet
// known: each leaves one entry with a reason, opens nothing, and shows one of
// two pages, which are the same for all but for their reference.
func TestEveryFaultHasItsEntryAndOnePage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn() // keys are fetched, and there is a sign-in to replay
	pages := map[int]int{}
	admin := s.Superuser(t)
	refused := func() (n int) {
		if err := admin.QueryRow(`SELECT count(*) FROM guichet.trace WHERE type = 'sign-in' AND outcome = 'refused' AND reason IS NOT NULL`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i, f := range mischief.Faults() {
		m := mischief.Of(f)
		if !m.Fits(mischief.KnowsPatients|mischief.SignsUserinfo) || m.Harmless || m.Keys != nil || strings.HasSuffix(string(f), "slow") {
			continue
		}
		before := refused()
		s.provider.Fault = f
		b := s.browser(t)
		address := fmt.Sprintf("198.51.100.%d", i) // each its own, else the first delays the others
		got := b.back(address, b.begin(address))
		if got.status != http.StatusForbidden && got.status != http.StatusServiceUnavailable || b.token() != "" {
			t.Errorf("%s: got %d, token %q", f, got.status, b.token())
			continue
		}
		if n := refused() - before; n != 1 {
			t.Errorf("%s: left %d entries", f, n)
		}
		if length, seen := pages[got.status]; seen && length != len(got.body) {
			t.Errorf("%s: the page has %d bytes, of another fault %d", f, len(got.body), length)
		}
		pages[got.status] = len(got.body)
	}
	if len(pages) != 2 {
		t.Errorf("got %d kinds of pages, want 2", len(pages))
	}
}

func TestUnmatchedPerson(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, other, "1", "11.2")
	b := s.browser(t)
	if got := b.signIn(); got.status != http.StatusForbidden || b.token() != "" || strings.Contains(got.body, "AUTRE") {
		t.Errorf("got %d, token %q", got.status, b.token())
	}
	if n := s.traces(t, "sign-in", "refused"); n != 1 {
		t.Errorf("got %d entries", n)
	}
}

// TestMissingAndForbidden: the same answer but for its reference, whatever is
// asked and however (DT3, AA2).
func TestMissingAndForbidden(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	theirs := s.deposit(t, other, "2", "13.0")
	b := s.browser(t)
	b.signIn()
	if got := b.get("/reports/" + own.String()); got.status != http.StatusOK {
		t.Fatalf("own report: got %d", got.status)
	}
	reference := regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}`)
	missing := b.get("/reports/00000000-0000-0000-0000-000000000001")
	before := s.traces(t, "report.read", "refused")
	for i, path := range []string{
		"/reports/" + theirs.String(), "/reports/" + strings.ToUpper(theirs.String()), "/reports/" + theirs.String() + "?patient=x",
		"/reports/{" + theirs.String() + "}", "/reports/urn:uuid:" + theirs.String(), "/reports/x", "/reports/" + own.String()[:35], "/reports/" + strings.ToUpper(own.String()),
		"/reports/..%2f" + own.String(), "/reports/" + theirs.String() + "%00",
	} {
		got := b.get(path)
		if got.status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, got.status)
		}
		if len(got.body) != len(missing.body) || reference.ReplaceAllString(got.body, "") != reference.ReplaceAllString(missing.body, "") {
			t.Errorf("%s: not the page of a missing report", path)
		}
		if got.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed", path)
		}
		if n := s.traces(t, "report.read", "refused"); n != before+i+1 {
			t.Errorf("%s: left %d entries that say refused, want 1", path, n-before-i)
		}
	}
	refused := s.traces(t, "page.refused", "refused")
	for _, c := range []struct{ method, path string }{{"GET", "/nothing"}, {"POST", "/reports/" + theirs.String()}, {"GET", "/reports/" + theirs.String() + "/"}, {"PUT", "/reports"}} {
		if got := b.do(c.method, c.path, nil); got.status != http.StatusNotFound || reference.ReplaceAllString(got.body, "") != reference.ReplaceAllString(missing.body, "") {
			t.Errorf("%s %s: got %d, or another page", c.method, c.path, got.status)
		}
	}
	if n := s.traces(t, "page.refused", "refused"); n != refused+4 {
		t.Errorf("paths that no route serves: left %d entries, want 4", n-refused)
	}
	for _, path := range []string{"/reports/" + theirs.String() + "/original.pdf", "/nothing", "/reports/" + theirs.String() + "/", "//reports", "/%2e%2e/reports", "/static/x", "/static/../reports"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	for name, value := range map[string]string{"X-Original-URL": "/reports/" + theirs.String(), "X-Rewrite-URL": "/reports/" + theirs.String(), "X-HTTP-Method-Override": "DELETE", "X-Patient": "2"} {
		if got := b.do("GET", "/reports/"+own.String(), map[string]string{name: value}); got.status != http.StatusOK || strings.Contains(got.body, "13,0") {
			t.Errorf("header %s: got %d", name, got.status)
		}
	}
	if got := b.do("GET", "/", map[string]string{"Host": "evil.example"}); got.status != http.StatusNotFound {
		t.Errorf("another host: got %d", got.status)
	}
}

// TestInternalErrorEndsTheSession, that one and no other (DT8).
func TestInternalErrorEndsTheSession(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	s.deposit(t, other, "2", "13.0")
	b, bystander := s.browser(t), s.browser(t)
	b.signIn()
	s.become("another", other)
	bystander.signIn()
	s.exec(t, `ALTER FUNCTION guichet.receive(bytea, bigint) RENAME TO receive_not`)
	got := b.get("/reports")
	s.exec(t, `ALTER FUNCTION guichet.receive_not(bytea, bigint) RENAME TO receive`)
	if got.status != http.StatusInternalServerError || strings.Contains(got.body, "receive") || strings.Contains(got.body, "SQLSTATE") {
		t.Errorf("got %d", got.status)
	}
	if got := b.get("/reports"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("afterwards: got %d to %q", got.status, got.header.Get("Location"))
	}
	if got := b.get("/session-ended"); !strings.Contains(got.body, `data-reason="error"`) {
		t.Error("the reason is not told")
	}
	if got := bystander.get("/reports"); got.status != http.StatusOK {
		t.Errorf("bystander: got %d", got.status)
	}
}

// TestUntracedIsUndisclosed: where the trace cannot be written the page is a
// 503 and holds nothing (TR1.f).
func TestUntracedIsUndisclosed(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	s.exec(t, `ALTER TABLE guichet.trace ADD CONSTRAINT full_disk CHECK (false) NOT VALID`)
	for _, path := range []string{"/", "/reports", "/reports/" + own.String(), "/reports/" + own.String() + "/original.pdf", "/trends/718-7", "/account", "/access-log"} {
		got := b.get(path)
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: got %d, Retry-After %q", path, got.status, got.header.Get("Retry-After"))
		}
		if strings.Contains(got.body, "11,2") || strings.Contains(got.body, "canari") || strings.Contains(got.body, s.me().Family) {
			t.Errorf("%s: discloses something", path)
		}
	}
	s.exec(t, `ALTER TABLE guichet.trace DROP CONSTRAINT full_disk`)
	if got := b.get("/reports"); got.status != http.StatusOK {
		t.Errorf("afterwards: got %d", got.status)
	}
}

// TestAlteredDataIsAnAlert: a page without detail, one log event, one metric.
func TestAlteredDataIsAnAlert(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	s.exec(t, `UPDATE guichet.observation SET sealed = set_bit(sealed, 90, 1 - get_bit(sealed, 90))`)
	if got := b.get("/reports/" + own.String()); got.status != http.StatusInternalServerError || strings.Contains(got.body, "canari") {
		t.Errorf("got %d", got.status)
	}
	if n := strings.Count(s.log.String(), `"msg":"alert:`); n != 1 {
		t.Errorf("got %d alerts in the log", n)
	}
	metrics := s.scrape(t)
	if !strings.Contains(metrics, "guichet_integrity_failures_total 1\n") {
		t.Error("the metric does not count it")
	}
	if n := s.traces(t, "integrity", "failed"); n != 1 {
		t.Errorf("got %d entries that say failed", n)
	}
}

// TestSignedOut: the cookie is worth nothing any more, and the page says why.
func TestSignedOut(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	stolen := map[string]string{"Cookie": "__Host-guichet=" + b.token()}
	if got := s.browser(t).do("GET", "/reports", stolen); got.status != http.StatusOK {
		t.Fatalf("before: got %d", got.status)
	}
	got := b.do("POST", "/logout", nil)
	if got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Clear-Site-Data"), "cache") {
		t.Errorf("sign-out: got %d, %q", got.status, got.header.Get("Clear-Site-Data"))
	}
	if got := s.browser(t).do("GET", "/reports", stolen); got.status != http.StatusSeeOther || got.header.Get("Location") != "/session-ended" {
		t.Errorf("stolen cookie: got %d", got.status)
	}
	page := b.get("/session-ended")
	if !strings.Contains(page.body, `data-reason="logout"`) || strings.Contains(page.body, s.me().Family) {
		t.Error("session-ended: wrong reason, or a name")
	}
	if b.token() != "" {
		t.Error("the cookie is still there")
	}
	if got := b.get("/session-ended"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Errorf("without a session: got %d to %q", got.status, got.header.Get("Location"))
	}
}

// TestLogHoldsNothing of what people and records are called, and no token,
// parameter or path with an identifier.
func TestLogHoldsNothing(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	for _, path := range []string{"/", "/reports", "/reports/" + own.String(), "/reports/" + own.String() + "/original.pdf", "/access-log?before=77123", "/reports/x?q=canari-parametre"} {
		b.get(path)
	}
	log := s.log.String()
	for name, secret := range map[string]string{"family name": s.me().Family, "title": "canari", "value": "11.2", "token": b.token(), "report": own.String(), "parameter": "77123", "state": "state="} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds a %s", name)
		}
	}
	if !strings.Contains(log, `"route":"/reports/{report}"`) || !strings.Contains(log, `"client":"203.0.113.9"`) {
		t.Error("the log lacks the route or the client")
	}
}

func TestAccessLogPages(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	for range 60 {
		b.get("/reports")
	}
	first := b.get("/access-log")
	lines := regexp.MustCompile(`data-trace="(\d+)"`)
	if n := len(lines.FindAllString(first.body, -1)); n != 50 {
		t.Errorf("first page: got %d lines", n)
	}
	more := regexp.MustCompile(`href="(/access-log\?before=\d+)"`).FindStringSubmatch(first.body)
	if more == nil {
		t.Fatal("no next page")
	}
	seen := make(map[string]bool)
	for _, line := range lines.FindAllStringSubmatch(first.body, -1) {
		seen[line[1]] = true
	}
	second := b.get(more[1])
	for _, line := range lines.FindAllStringSubmatch(second.body, -1) {
		if seen[line[1]] {
			t.Errorf("line %s twice", line[1])
		}
		seen[line[1]] = true
	}
	if len(seen) != 61 { // 60 lists and one deposit; the log itself is read after it is written
		t.Errorf("got %d lines in all", len(seen))
	}
	for _, before := range []string{"-1", "x", "9999999999999999999999", "0"} {
		if got := b.get("/access-log?before=" + before); got.status != http.StatusOK {
			t.Errorf("before=%s: got %d", before, got.status)
		}
	}
}

func (s *site) scrape(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// TestFilteredAccessLog: the list, its count and its table are of the same lines, and
// each of them is traced.
func TestFilteredAccessLog(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	for range 3 {
		b.get("/reports")
	}
	lines := regexp.MustCompile(`data-trace="(\d+)"`)
	before := s.traces(t, "access-log.read", "granted")
	for i, c := range []struct {
		query string
		n     int
	}{{"?who=others", 1}, {"?act=read", 3}, {"?act=deposit&period=1m", 1}, {"?who=others&act=read", 0}, {"?act=office", 0}, {"?act=log", 10}, {"?act=nothing&period=x&who=y", 16}} {
		page := b.get("/access-log" + c.query)
		if n := len(lines.FindAllString(page.body, -1)); page.status != http.StatusOK || n != c.n || !strings.Contains(page.body, fmt.Sprintf("id=\"access-count\">%d\u00a0accès", c.n)) {
			t.Errorf("%s: got %d, %d lines, want %d", c.query, page.status, n, c.n)
		}
		table := b.get("/access-log.csv" + c.query)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.body, "\ufeff"))).ReadAll()
		if extra := strings.Count(c.query, "act=log") + strings.Count(c.query, "act=nothing"); err != nil || len(rows) != 1+c.n+extra { // the page before it is a line now
			t.Errorf("%s: the table has %d rows (%v)", c.query, len(rows), err)
		}
		if kind := table.header.Get("Content-Type"); kind != "text/csv; charset=utf-8" || table.header.Get("Content-Disposition") != `attachment; filename="guichet-access-log.csv"` {
			t.Errorf("the table is %s", kind)
		}
		if n := s.traces(t, "access-log.read", "granted") - before; n != 2*(i+1) {
			t.Fatalf("%s: %d entries, want %d", c.query, n, 2*(i+1))
		}
	}
	if got := b.get("/access-log"); strings.Contains(got.body, `id="access-months"`) || !strings.Contains(got.body, `href="/access-log?months=yes#access-months"`) {
		t.Error("the months are counted unasked, or cannot be asked for")
	}
	if got := b.get("/access-log?months=yes"); !strings.Contains(got.body, `id="access-months"`) || !strings.Contains(got.body, "par vous") {
		t.Error("the months are not counted")
	}
}
