package portal

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/mischief"
	"guichet/store"
	"guichet/store/storetest"
)

// begin begins a sign-in from an address and returns where the provider sends
// the browser back to.
func (b *browser) begin(address string) *url.URL {
	b.t.Helper()
	begun := b.do("GET", "/login/"+b.site.provider.Options().Name, map[string]string{"X-Forwarded-For": address})
	if begun.status != http.StatusSeeOther {
		b.t.Fatalf("login from %s: got %d", address, begun.status)
	}
	return b.site.provider.SignIn(b.t, begun.header.Get("Location"))
}

func (b *browser) back(address string, to *url.URL) answer {
	b.t.Helper()
	return b.do("GET", to.RequestURI(), map[string]string{"X-Forwarded-For": address})
}

// login asks for the login page from an address, in a browser of its own.
func (s *site) login(t *testing.T, address string) answer {
	t.Helper()
	return s.browser(t).do("GET", "/login/"+s.provider.Options().Name, map[string]string{"X-Forwarded-For": address})
}

// notOurs are the faults that delay nobody: the person gave up, or the provider
// is in trouble.
var notOurs = []mischief.Fault{mischief.AccessDenied, mischief.Unavailable,
	mischief.TokenSlow, mischief.TokenDown, mischief.TokenDropped, mischief.TokenTruncated, mischief.TokenBusy, mischief.KeysSlow, mischief.KeysDown,
	mischief.UserinfoSlow, mischief.UserinfoDown, mischief.TokenRedirected, mischief.TokenHuge, mischief.KeysHuge, mischief.KeysRedirected,
	mischief.UserinfoHuge, mischief.UserinfoMoved, mischief.TokenLoops, mischief.UserinfoLoops}

// TestEveryFaultCountsAsItShould, over HTTP, against a provider that does each
// (AA7.a).
func TestEveryFaultCountsAsItShould(t *testing.T) {
	const address = "198.51.100.1"
	for _, fault := range mischief.Faults() {
		if m := mischief.Of(fault); m.Harmless || !m.Fits(mischief.KnowsPatients|mischief.SignsUserinfo) {
			continue
		}
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel() // some wait for a provider that is slow
			s := newSite(t, auth.FranceConnect)
			s.deposit(t, s.me(), "1", "11.2")
			s.provider.Fault = fault
			b := s.browser(t)
			if got := b.back(address, b.begin(address)); got.status < 400 || b.token() != "" {
				t.Errorf("got %d", got.status)
			}
			want := http.StatusTooManyRequests
			if slices.Contains(notOurs, fault) {
				want = http.StatusSeeOther
			}
			if got := s.login(t, address); got.status != want {
				t.Errorf("the next try gets %d, want %d", got.status, want)
			}
		})
	}
}

// TestWaitPage: 429, Retry-After to the second, when the wait ends, and the same
// whoever it was that failed (AA7.b).
func TestWaitPage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	now := time.Now().Truncate(time.Second).Add(time.Second)
	s.SetClock(t, now)
	const known, unknown = "198.51.100.1", "198.51.100.2"
	var pages []answer
	for _, c := range []struct {
		address string
		fail    func(*site)
	}{
		{known, func(s *site) { s.provider.Fault = mischief.WrongNonce }},
		{unknown, func(s *site) { s.provider.Fault = ""; s.provider.Person["family_name"] = "INCONNUE" }},
	} {
		at := now
		for n := 1; n <= 3; n++ {
			c.fail(s)
			b := s.browser(t)
			if got := b.back(c.address, b.begin(c.address)); got.status != http.StatusForbidden {
				t.Fatalf("%s, failure %d: got %d", c.address, n, got.status)
			}
			got := s.login(t, c.address)
			wait := 1 << n
			if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != strconv.Itoa(wait) || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, failure %d: got %d, Retry-After %q", c.address, n, got.status, got.header.Get("Retry-After"))
			}
			for _, want := range []string{strconv.Itoa(wait) + "\u00a0secondes", "Prochain essai possible", `aria-current="step">` + strconv.Itoa(wait) + "\u00a0s<small>"} {
				if !strings.Contains(got.body, want) {
					t.Errorf("failure %d: the page lacks %q", n, want)
				}
			}
			if n == 3 {
				pages = append(pages, got)
				break
			}
			at = at.Add(time.Duration(wait) * time.Second)
			s.SetClock(t, at)
		}
		s.SetClock(t, now)
	}
	passing := regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}|\d+.h.\d\d.min.\d\d.s`)
	if a, b := passing.ReplaceAllString(pages[0].body, ""), passing.ReplaceAllString(pages[1].body, ""); a != b {
		t.Error("the page tells a known person from an unknown one")
	}
}

// TestBlockedNetworkWaits: 429, Retry-After and the page that says when, also for
// an answer of the provider that is right; who is signed in goes on (AA7.g).
func TestBlockedNetworkWaits(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	now := time.Now().Truncate(time.Second).Add(time.Second)
	s.SetClock(t, now)
	const address, other = "198.51.100.1", "198.51.101.1"
	inside, late := s.browser(t), s.browser(t)
	inside.back(address, inside.begin(address))
	back := late.begin(address)
	console, operator := s.Open(t, "guichet_console"), storetest.Request()
	if err := console.OpenOperator(t.Context(), operator, "root", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := console.BlockNetwork(t.Context(), operator, netip.MustParsePrefix("198.51.100.0/24"), 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string]answer{"the login page": s.login(t, address), "an answer": late.back(address, back)} {
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "600" || late.token() != "" {
			t.Errorf("%s: got %d, Retry-After %q", what, got.status, got.header.Get("Retry-After"))
		}
		for _, want := range []string{"l’hôpital refuse pour un temps les connexions depuis votre réseau", "10\u00a0minutes", "Prochain essai possible"} {
			if !strings.Contains(got.body, want) {
				t.Errorf("%s: the page lacks %q", what, want)
			}
		}
	}
	if got := s.login(t, other); got.status != http.StatusSeeOther {
		t.Errorf("another network: got %d", got.status)
	}
	if got := inside.do("GET", "/reports", map[string]string{"X-Forwarded-For": address}); got.status != http.StatusOK {
		t.Errorf("somebody signed in there: got %d", got.status)
	}
	if n := s.traces(t, "sign-in", "refused"); n != 0 {
		t.Errorf("%d failures are counted", n)
	}
	s.SetClock(t, now.Add(10*time.Minute))
	if got := s.login(t, address); got.status != http.StatusSeeOther {
		t.Errorf("ten minutes later: got %d", got.status)
	}
}

// TestBeforeItsTimeNothingIsEvaluated: not even an answer of the provider that is
// right; at its time it serves, and trying early has lengthened nothing.
func TestBeforeItsTimeNothingIsEvaluated(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	now := time.Now()
	s.SetClock(t, now)
	const address = "198.51.100.1"
	honest, failing := s.browser(t), s.browser(t)
	back := honest.begin(address)
	s.provider.Fault = mischief.UnknownCode
	failing.back(address, failing.begin(address))
	s.provider.Fault = ""
	entries := s.traces(t, "sign-in", "refused")
	for range 5 {
		if got := honest.back(address, back); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "2" || honest.token() != "" {
			t.Errorf("early: got %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
		}
	}
	if got := s.traces(t, "sign-in", "refused"); got != entries {
		t.Errorf("%d early tries were evaluated", got-entries)
	}
	s.SetClock(t, now.Add(2*time.Second))
	if got := honest.back(address, back); got.status != http.StatusSeeOther || honest.token() == "" {
		t.Errorf("at its time: got %d", got.status)
	}
}

// TestManyCallbacksAtOnce: of sixty answers brought side by side twenty at most
// are evaluated before the address waits; who is signed in is not touched.
func TestManyCallbacksAtOnce(t *testing.T) {
	const address, many = "198.51.100.1", 60
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	inside := s.browser(t)
	inside.back(address, inside.begin(address))
	s.provider.Fault = mischief.UnknownCode
	browsers, answers := make([]*browser, many), make([]*url.URL, many)
	for i := range many {
		browsers[i] = s.browser(t)
		answers[i] = browsers[i].begin(address)
	}
	statuses := make([]int, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() { statuses[i] = browsers[i].back(address, answers[i]).status })
	}
	all.Wait()
	refused := s.traces(t, "sign-in", "refused")
	if refused < 1 || refused > 20 {
		t.Errorf("%d answers were evaluated", refused)
	}
	slices.Sort(statuses)
	if got := slices.Index(statuses, http.StatusTooManyRequests); got != refused || statuses[many-1] != http.StatusTooManyRequests {
		t.Errorf("%d were evaluated, statuses %v", refused, statuses)
	}
	if got := inside.do("GET", "/reports", map[string]string{"X-Forwarded-For": address}); got.status != http.StatusOK {
		t.Errorf("somebody signed in at that address: got %d", got.status)
	}
}

// TestTwentyPeopleAtOneAddress sign in at the same moment.
func TestTwentyPeopleAtOneAddress(t *testing.T) {
	const address, people = "198.51.100.1", 20
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	var all sync.WaitGroup
	for range people {
		b := s.browser(t)
		back := b.begin(address)
		all.Go(func() {
			if got := b.back(address, back); got.status != http.StatusSeeOther {
				t.Errorf("got %d", got.status)
			}
		})
	}
	all.Wait()
}

// TestEmbeddedCallback: what another site's page makes a browser fetch is no try
// of a person's, and delays nobody (AA7.e).
func TestEmbeddedCallback(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	const address = "198.51.100.1"
	b := s.browser(t)
	back := b.begin(address)
	for name, header := range map[string]string{"image": "Sec-Fetch-Dest", "iframe": "Sec-Fetch-Dest", "empty": "Sec-Fetch-Dest", "prefetch": "Sec-Purpose"} {
		got := b.do("GET", "/callback/franceconnect?code=x&state=y", map[string]string{"X-Forwarded-For": address, header: name})
		if got.status != http.StatusNotFound || len(got.header.Values("Set-Cookie")) != 0 {
			t.Errorf("%s: got %d, %d cookies", name, got.status, len(got.header.Values("Set-Cookie")))
		}
	}
	if n := s.traces(t, "sign-in", "refused"); n != 1 { // a flood of them does not fill the log
		t.Errorf("%d entries, want 1", n)
	}
	if got := b.do("GET", back.RequestURI(), map[string]string{"X-Forwarded-For": address, "Sec-Fetch-Dest": "document"}); got.status != http.StatusSeeOther || b.token() == "" {
		t.Errorf("the person's own answer: got %d", got.status)
	}
	if got := s.browser(t).do("GET", "/callback/franceconnect?code=x&state=y", map[string]string{"X-Forwarded-For": address, "Sec-Fetch-Dest": "document"}); got.status != http.StatusForbidden {
		t.Errorf("a forged answer in a window: got %d", got.status)
	}
	if got := s.login(t, address); got.status != http.StatusTooManyRequests {
		t.Errorf("after it: got %d", got.status)
	}
}

// TestTracesTellClientAndPeer: who the WAF says came, and the WAF (TR2.d).
func TestTracesTellClientAndPeer(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	b.get("/reports")
	b.do("POST", "/logout", nil)
	rows, err := s.Superuser(t).Query(`SELECT type, host(ip) || ' ' || coalesce(host(peer), '-') FROM guichet.trace WHERE type IN ('sign-in', 'report.list', 'sign-out')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var event, addresses string
		if err := rows.Scan(&event, &addresses); err != nil {
			t.Fatal(err)
		}
		seen++
		if addresses != "203.0.113.9 127.0.0.1" {
			t.Errorf("%s: got %s, want the client and the WAF", event, addresses)
		}
	}
	if err := rows.Err(); err != nil || seen != 3 {
		t.Errorf("%d entries, %v, want three", seen, err)
	}
}
