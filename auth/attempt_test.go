package auth_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/fault"
)

func TestAttemptServesOnce(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	p := newProvider(t, s.Options())
	b := newBrowser(t, nil)
	callback := s.SignIn(t, b.begin(p, "/")).String()
	kept := b.cookie
	if _, err := b.finish(p, callback); err != nil {
		t.Fatalf("first answer: %v", err)
	}
	_, err := b.finish(p, callback)
	wantRefusal(t, err, auth.ReasonNoAttempt)

	b.cookie = kept // a browser, or a thief, that does not forget
	_, err = b.finish(p, callback)
	wantRefusal(t, err, auth.ReasonExchange)
}

func TestAttemptIsForgottenAfterAnyAnswer(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	p := newProvider(t, s.Options())
	b := newBrowser(t, nil)
	callback := s.SignIn(t, b.begin(p, "/")).String()
	_, err := b.finish(p, "/callback/franceconnect?state=guess&code=guess")
	wantRefusal(t, err, auth.ReasonState)
	_, err = b.finish(p, callback)
	wantRefusal(t, err, auth.ReasonNoAttempt)
}

func TestNewAttemptReplacesTheOld(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	p := newProvider(t, s.Options())
	b := newBrowser(t, nil)
	old := s.SignIn(t, b.begin(p, "/")).String()
	b.begin(p, "/")
	_, err := b.finish(p, old)
	wantRefusal(t, err, auth.ReasonState)
}

func TestAttemptAges(t *testing.T) {
	tests := []struct {
		name string
		age  time.Duration
		want auth.Reason
	}{
		{"just in time", 10 * time.Minute, ""},
		{"too late", 10*time.Minute + time.Second, auth.ReasonNoAttempt},
		{"begun in the future", -2 * time.Minute, auth.ReasonNoAttempt},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now := time.Now().Truncate(time.Second)
			clock := func() time.Time { return now }
			s := authtest.New(t, auth.FranceConnect)
			s.Now = clock
			p := newProvider(t, s.Options())
			b := newBrowser(t, clock)
			callback := s.SignIn(t, b.begin(p, "/")).String()
			now = now.Add(test.age)
			_, err := b.finish(p, callback)
			if test.want != "" {
				wantRefusal(t, err, test.want)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestForeignAttempts(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	p := newProvider(t, s.Options())
	psc := newProvider(t, authtest.New(t, auth.ProSanteConnect).Options())

	t.Run("none", func(t *testing.T) {
		callback := s.SignIn(t, newBrowser(t, nil).begin(p, "/")).String()
		_, err := newBrowser(t, nil).finish(p, callback) // the attacker's code, brought to a victim's browser
		wantRefusal(t, err, auth.ReasonNoAttempt)
	})
	t.Run("of another browser", func(t *testing.T) {
		callback := s.SignIn(t, newBrowser(t, nil).begin(p, "/")).String()
		victim := newBrowser(t, nil)
		victim.begin(p, "/")
		_, err := victim.finish(p, callback)
		wantRefusal(t, err, auth.ReasonState)
	})
	t.Run("at another provider", func(t *testing.T) {
		b := newBrowser(t, nil)
		callback := s.SignIn(t, b.begin(p, "/"))
		_, err := b.finish(psc, "/callback/psc?"+callback.RawQuery)
		wantRefusal(t, err, auth.ReasonNoAttempt)
	})
	t.Run("altered", func(t *testing.T) {
		b := newBrowser(t, nil)
		callback := s.SignIn(t, b.begin(p, "/")).String()
		middle := len(b.cookie.Value) / 2
		other := "A"
		if b.cookie.Value[middle] == 'A' {
			other = "B"
		}
		b.cookie.Value = b.cookie.Value[:middle] + other + b.cookie.Value[middle+1:]
		_, err := b.finish(p, callback)
		wantRefusal(t, err, auth.ReasonNoAttempt)
	})
	t.Run("sealed with another key", func(t *testing.T) {
		b := newBrowser(t, nil)
		callback := s.SignIn(t, b.begin(p, "/")).String()
		other, err := auth.NewAttempts(cookieName, []byte(strings.Repeat("x", 64)), nil)
		if err != nil {
			t.Fatal(err)
		}
		b.attempts = other
		_, err = b.finish(p, callback)
		wantRefusal(t, err, auth.ReasonNoAttempt)
	})
	t.Run("malformed answer", func(t *testing.T) {
		b := newBrowser(t, nil)
		callback := s.SignIn(t, b.begin(p, "/"))
		_, err := b.finish(p, callback.Path+"?"+callback.RawQuery+";&%zz")
		wantRefusal(t, err, auth.ReasonState)
	})
}

func TestAttemptCookie(t *testing.T) {
	p := newProvider(t, authtest.New(t, auth.ProSanteConnect).Options())
	b := newBrowser(t, nil)
	sent := query(t, b.begin(p, "/reports"))
	c := b.cookie
	if c.Path != "/" || c.Domain != "" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 600 {
		t.Errorf("got cookie attributes of %v", c)
	}
	if len(c.Value) > 2048 {
		t.Errorf("got a cookie of %d bytes", len(c.Value))
	}
	// Within the cookie: a time, what is sealed, and its authentication.
	outer, err := base64.URLEncoding.DecodeString(c.Value)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := base64.URLEncoding.DecodeString(strings.Split(string(outer), "|")[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{sent.Get("state"), sent.Get("nonce"), "reports"} {
		if strings.Contains(c.Value+string(sealed), secret) {
			t.Error("the cookie shows what it holds")
		}
	}
}

func TestAuthorizationRequest(t *testing.T) {
	tests := []struct {
		provider string
		want     map[string]string
		random   []string
	}{
		{auth.FranceConnect, map[string]string{"scope": "openid identite_pivot"}, []string{"state", "nonce"}},
		{auth.ProSanteConnect, map[string]string{"scope": "openid scope_all", "code_challenge_method": "S256"}, []string{"state", "nonce", "code_challenge"}},
	}
	for _, test := range tests {
		t.Run(test.provider, func(t *testing.T) {
			o := authtest.New(t, test.provider).Options()
			p := newProvider(t, o)
			b := newBrowser(t, nil)
			address := b.begin(p, "")
			got, again := query(t, address), query(t, b.begin(p, ""))
			if !strings.HasPrefix(address, o.AuthorizationURL+"?") {
				t.Errorf("got address %s", address)
			}
			want := test.want
			want["client_id"], want["redirect_uri"], want["response_type"], want["acr_values"] = o.ClientID, o.RedirectURL, "code", "eidas1"
			for name, value := range want {
				if got.Get(name) != value {
					t.Errorf("got %s %q, want %q", name, got.Get(name), value)
				}
			}
			for _, name := range test.random {
				if len(got.Get(name)) != 43 || got.Get(name) == again.Get(name) {
					t.Errorf("got %s %q, then %q: want 256 fresh bits each", name, got.Get(name), again.Get(name))
				}
			}
			if extra := len(got) - len(want) - len(test.random); extra != 0 {
				t.Errorf("got %d parameters more than the provider knows: %v", extra, got)
			}
		})
	}
}

func TestReturnTo(t *testing.T) {
	p := newProvider(t, authtest.New(t, auth.FranceConnect).Options())
	tests := []struct {
		path string
		ok   bool
	}{
		{"", true}, {"/", true}, {"/reports", true}, {"/reports/", true}, {"/reports/5?page=2&sort=/a//b", true}, {"/%C3%A9t%C3%A9", true},
		{"//elsewhere.test", false}, {"///elsewhere.test", false}, {"https://elsewhere.test/", false}, {"https:/elsewhere.test", false},
		{`/\elsewhere.test`, false}, {`\\elsewhere.test`, false}, {"/\t/elsewhere.test", false}, {"/\n/elsewhere.test", false},
		{"/a/../b", false}, {"/..//elsewhere.test", false}, {"/./reports", false}, {"/a//b", false}, {"/%2F/elsewhere.test", false},
		{"reports", false}, {"?page=2", false}, {"javascript:alert(1)", false}, {"/reports#top", false}, {"/%zz", false},
		{"/été", false}, {"/a b", false}, {"/" + strings.Repeat("a", 512), false}, {"/\x00", false}, {"/\x7f", false},
	}
	for _, test := range tests {
		w := httptest.NewRecorder()
		_, err := p.Begin(t.Context(), w, newBrowser(t, nil).attempts, test.path)
		if ok := err == nil; ok != test.ok {
			t.Errorf("%q: got accepted %v, want %v", test.path, ok, test.ok)
		}
		if err != nil && (fault.KindOf(err) != fault.Invalid || len(w.Result().Cookies()) > 0) {
			t.Errorf("%q: got %v and %d cookies", test.path, fault.KindOf(err), len(w.Result().Cookies()))
		}
	}
}

// FuzzReturnTo asks a browser's own rule: whatever is accepted must resolve to
// the portal.
func FuzzReturnTo(f *testing.F) {
	for _, seed := range []string{"/", "/reports?page=2", "//elsewhere.test", `/\elsewhere.test`, "/\t/elsewhere.test", "https://elsewhere.test", "/%2f%2felsewhere.test"} {
		f.Add(seed)
	}
	s := authtest.New(f, auth.FranceConnect)
	p := newProvider(f, s.Options())
	base := &url.URL{Scheme: "https", Host: "portal.test", Path: "/callback/franceconnect"}
	f.Fuzz(func(t *testing.T, path string) {
		if _, err := p.Begin(t.Context(), httptest.NewRecorder(), newBrowser(t, nil).attempts, path); err != nil {
			return
		}
		// Browsers take a backslash for a slash and drop tabs and line ends.
		path = strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(path)
		to, err := base.Parse(path)
		if err != nil || to.Host != "portal.test" || to.Scheme != "https" {
			t.Errorf("%q leads to %v (%v)", path, to, err)
		}
	})
}

func TestNewAttemptsRefuses(t *testing.T) {
	key := make([]byte, 64)
	if _, err := auth.NewAttempts("attempt", key, nil); err == nil {
		t.Error("a cookie name without __Host- was accepted")
	}
	for _, n := range []int{0, 32, 63, 65} {
		if _, err := auth.NewAttempts(cookieName, make([]byte, n), nil); err == nil {
			t.Errorf("a key of %d bytes was accepted", n)
		}
	}
}
