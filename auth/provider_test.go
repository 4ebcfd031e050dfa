package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/auth/mischief"
)

func TestNewProviderRefuses(t *testing.T) {
	good := authtest.New(t, auth.FranceConnect).Options()
	tests := []struct {
		name  string
		spoil func(*auth.Options)
		want  string
	}{
		{"another name", func(o *auth.Options) { o.Name = "google" }, "name"},
		{"no name", func(o *auth.Options) { o.Name = "" }, "name"},
		{"no issuer", func(o *auth.Options) { o.Issuer = "" }, "issuer"},
		{"http authorization", func(o *auth.Options) { o.AuthorizationURL = "http://localhost/authorize" }, "authorization URL"},
		{"http token", func(o *auth.Options) { o.TokenURL = "http://localhost/token" }, "token URL"},
		{"userinfo with password", func(o *auth.Options) { o.UserinfoURL = "https://user:secret@localhost/userinfo" }, "userinfo URL"},
		{"keys from a file", func(o *auth.Options) { o.JWKSURL = "file:///etc/keys" }, "JWKS URL"},
		{"relative redirect", func(o *auth.Options) { o.RedirectURL = "/callback" }, "redirect URL"},
		{"end session with query", func(o *auth.Options) { o.EndSessionURL += "?a=b" }, "end session URL"},
		{"http after logout", func(o *auth.Options) { o.PostLogoutRedirectURL = "http://localhost/" }, "post-logout"},
		{"no client", func(o *auth.Options) { o.ClientID = "" }, "client ID"},
		{"no secret", func(o *auth.Options) { o.ClientSecret = "" }, "client secret"},
		{"secret beside an assertion", func(o *auth.Options) { o.ClientAuth = auth.PrivateKeyJWT }, "client secret"},
		{"assertion without a key", func(o *auth.Options) { o.ClientAuth, o.ClientSecret = auth.PrivateKeyJWT, "" }, "key to sign with"},
		{"unknown client authentication", func(o *auth.Options) { o.ClientAuth = "none" }, "client authentication"},
		{"encryption with SHA-1", func(o *auth.Options) { o.Encryption = "RSA-OAEP" }, "encryption"},
		{"encryption with a shared key", func(o *auth.Options) { o.Encryption = "dir" }, "encryption"},
		{"encryption without a key", func(o *auth.Options) { o.Encryption = "ECDH-ES" }, "key to open with"},
		{"discovery over http", func(o *auth.Options) { o.Discovery = "http://localhost/" }, "discovery"},
		{"http token beside a discovery", func(o *auth.Options) { o.Discovery, o.TokenURL = "https://localhost/d", "http://localhost/token" }, "token URL"},
		{"sign-in of yesterday", func(o *auth.Options) { o.MaxAuthAge = 24 * time.Hour }, "age"},
		{"no level", func(o *auth.Options) { o.ACR = "" }, "acr"},
		{"unknown level", func(o *auth.Options) { o.ACR = "eidas4" }, "acr"},
		{"no openid", func(o *auth.Options) { o.Scopes = []string{"identite_pivot"} }, "openid"},
		{"no algorithm", func(o *auth.Options) { o.Algorithms = nil }, "algorithms"},
		{"algorithm none", func(o *auth.Options) { o.Algorithms = []string{"ES256", "none"} }, "algorithm"},
		{"shared secret", func(o *auth.Options) { o.Algorithms = []string{"HS256"} }, "algorithm"},
		{"SHA-1", func(o *auth.Options) { o.Algorithms = []string{"RS1"} }, "algorithm"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := good
			test.spoil(&o)
			_, err := auth.NewProvider(o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a complaint about %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret@") {
				t.Error("the error repeats a password")
			}
		})
	}
	if _, err := auth.NewProvider(good); err != nil {
		t.Errorf("good options: %v", err)
	}
}

func TestEndSession(t *testing.T) {
	o := authtest.New(t, auth.FranceConnect).Options()
	p := newProvider(t, o)
	address := p.EndSession("a.b.c", "state of the sign-out")
	if !strings.HasPrefix(address, o.EndSessionURL+"?") {
		t.Errorf("got address %s", address)
	}
	got := query(t, address)
	if got.Get("id_token_hint") != "a.b.c" || got.Get("post_logout_redirect_uri") != o.PostLogoutRedirectURL || got.Get("state") != "state of the sign-out" {
		t.Errorf("got parameters %v", got)
	}
	if address := p.EndSession("", "state"); address != "" {
		t.Errorf("without an ID token: got %s", address)
	}
	o.EndSessionURL = ""
	if address := newProvider(t, o).EndSession("a.b.c", "state"); address != "" {
		t.Errorf("without an end-session endpoint: got %s", address)
	}
}

func TestNames(t *testing.T) {
	p := newProvider(t, authtest.New(t, auth.ProSanteConnect).Options())
	if p.Name() != "psc" || p.Label() != "Pro Santé Connect" {
		t.Errorf("got %s, %s", p.Name(), p.Label())
	}
}

// countingTransport counts calls by path.
type countingTransport struct {
	base  http.RoundTripper
	calls map[string]int
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.calls[r.Method+" "+r.URL.Path]++
	return c.base.RoundTrip(r)
}

// TestCallsToTheProvider keeps the number of calls: a code is used once, never
// tried again, and keys are not fetched at every sign-in.
func TestCallsToTheProvider(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	o := s.Options()
	counting := &countingTransport{base: o.Transport, calls: map[string]int{}}
	o.Transport = counting
	p := newProvider(t, o)
	b := newBrowser(t, nil)
	for range 3 {
		if _, err := b.signIn(s, p); err != nil {
			t.Fatal(err)
		}
	}
	s.Fault = mischief.TokenDropped
	if _, err := b.signIn(s, p); err == nil {
		t.Fatal("a dropped connection gave a login")
	}
	for call, want := range map[string]int{"POST /token": 4, "GET /userinfo": 3, "GET /jwks": 1} {
		if got := counting.calls[call]; got != want {
			t.Errorf("%s: got %d calls, want %d", call, got, want)
		}
	}
}
