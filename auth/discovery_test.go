package auth_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/auth/mischief"
	"guichet/fault"
)

func TestDiscovery(t *testing.T) {
	for _, provider := range []string{auth.FranceConnect, auth.ProSanteConnect} {
		t.Run(provider, func(t *testing.T) {
			s := authtest.New(t, provider)
			o := s.Discovered()
			counting := &countingTransport{base: o.Transport, calls: map[string]int{}}
			o.Transport = counting
			p := newProvider(t, o)
			if len(counting.calls) > 0 {
				t.Error("the provider is called before anybody signs in")
			}
			b := newBrowser(t, nil)
			for range 3 {
				if _, err := b.signIn(s, p); err != nil {
					t.Fatal(err)
				}
			}
			path := "GET /.well-known/openid-configuration"
			if provider == auth.ProSanteConnect {
				path = "GET /.well-known/wallet-openid-configuration"
			}
			if got := counting.calls[path]; got != 1 {
				t.Errorf("%s: got %d calls, want 1", path, got)
			}
		})
	}
}

// TestDiscoveryFaults: a document that lies sends nobody anywhere, and one that
// lies later, or is gone, leaves what an honest one said.
func TestDiscoveryFaults(t *testing.T) {
	for _, f := range mischief.Faults() {
		if mischief.Of(f).Needs != mischief.IsDiscovered {
			continue
		}
		t.Run(string(f), func(t *testing.T) {
			s := authtest.New(t, auth.ProSanteConnect)
			now := time.Now().Truncate(time.Second)
			s.Now = func() time.Time { return now }
			p := newProvider(t, s.Discovered())
			b := newBrowser(t, s.Now)

			s.Fault = f
			w := httptest.NewRecorder()
			_, err := p.Begin(t.Context(), w, b.attempts, "/")
			wantSilence(t, s, err)
			if reason := reasonOf(t, err); reason != refusals[f] {
				t.Errorf("got reason %q, want %q", reason, refusals[f])
			}
			if len(w.Result().Cookies()) > 0 {
				t.Error("an attempt was begun")
			}

			s.Fault = ""
			if _, err := b.signIn(s, p); err != nil {
				t.Fatalf("mended: %v", err)
			}
			now = now.Add(2 * time.Hour)
			s.Fault = f
			if _, err := b.finish(p, s.SignIn(t, b.begin(p, "/")).String()); err != nil {
				t.Errorf("later: %v", err)
			}
		})
	}
}

func reasonOf(t *testing.T, err error) auth.Reason {
	t.Helper()
	refusal, ok := err.(*auth.Refusal)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	if kind := fault.KindOf(err); kind != fault.Unavailable && kind != fault.Unauthenticated {
		t.Errorf("got kind %v", kind)
	}
	return refusal.Reason
}

// TestGivenEndpointsWin: what stands in configuration is not the document's to
// change.
func TestGivenEndpointsWin(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	o := s.Discovered()
	o.TokenURL = s.Issuer() + "/elsewhere"
	_, err := newBrowser(t, nil).signIn(s, newProvider(t, o))
	wantRefusal(t, err, auth.ReasonExchange)
}
