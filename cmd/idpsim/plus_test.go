package main

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/auth/mischief"
	"guichet/configs"
	"guichet/record"
)

// relyingParty is a client that publishes keys, as Guichet's portal does.
type relyingParty struct {
	keys  atomic.Pointer[auth.ClientKeys]
	asked atomic.Int64
	url   string
	ca    string
}

func newRelyingParty(t *testing.T, encryption string) *relyingParty {
	t.Helper()
	rp := &relyingParty{}
	rp.keys.Store(authtest.Keys(t, encryption))
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rp.asked.Add(1)
		set, err := auth.PublicKeys(rp.keys.Load())
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(set)
	}))
	t.Cleanup(server.Close)
	rp.url, rp.ca = server.URL, filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(rp.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return rp
}

// bench starts providers that know rp: FranceConnect+, and Pro Santé Connect
// with an assertion.
func (rp *relyingParty) bench(t *testing.T, encryption string) *bench {
	t.Helper()
	return newBenchWith(t, func(c *configs.IDPSim) {
		for i := range c.Clients {
			client := &c.Clients[i]
			client.JWKSURL, client.CAFile = rp.url, rp.ca
			if client.Provider == "franceconnect" {
				client.Encryption = encryption
			} else {
				client.ClientAuth = privateKeyJWT
			}
		}
	})
}

// provider is Guichet's own view of one of the providers.
func (rp *relyingParty) provider(t *testing.T, b *bench, name, encryption string) *auth.Provider {
	t.Helper()
	issuer := b.base + "/" + name
	o := auth.Options{
		Name: name, Label: name, Issuer: issuer, ClientID: clientID, RedirectURL: portal + "/callback/" + name, Scopes: []string{"openid", "identite_pivot", "rnipp_identite_pivot"},
		AuthorizationURL: issuer + "/authorize", TokenURL: issuer + "/token", UserinfoURL: issuer + "/userinfo", JWKSURL: issuer + "/jwks",
		ClientSecret: clientSecret, ACR: "eidas2", Algorithms: []string{"ES256"}, SignedUserinfo: true, Encryption: encryption, AMR: true,
		Keys: func() (*auth.ClientKeys, error) { return rp.keys.Load(), nil }, Transport: b.client.Transport,
		Now: b.clock, Timeout: time.Second,
	}
	if name == auth.ProSanteConnect {
		o.Discovery = issuer + "/.well-known/wallet-openid-configuration"
		o.AuthorizationURL, o.TokenURL, o.UserinfoURL, o.JWKSURL = "", "", "", ""
		o.ACR, o.Scopes, o.Algorithms, o.PKCE = "eidas1", []string{"openid", "scope_all"}, []string{"RS256"}, true
		o.SignedUserinfo, o.Encryption, o.AMR, o.ClientSecret, o.ClientAuth = false, "", false, "", auth.PrivateKeyJWT
	}
	p, err := auth.NewProvider(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signInAt walks the whole way as Guichet, through the form, with a fault.
func (b *bench) signInAt(p *auth.Provider, login string, fault mischief.Fault) (*auth.Login, error) {
	b.t.Helper()
	attempts, err := auth.NewAttempts("__Host-attempt", []byte(strings.Repeat("k", 64)), b.clock)
	if err != nil {
		b.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	to, err := p.Begin(b.t.Context(), w, attempts, "/")
	if err != nil {
		b.t.Fatal(err)
	}
	address, err := url.Parse(to)
	if err != nil {
		b.t.Fatal(err)
	}
	f := b.readForm(b.get(address.Path, address.Query()))
	f.fields.Set("login", login)
	if fault != "" {
		f.fields.Set("fault", string(fault))
	}
	answered := b.post(f.action, f.fields)
	if answered.status != http.StatusSeeOther {
		b.t.Fatalf("the form: got %d: %s", answered.status, answered.body)
	}
	r := httptest.NewRequest(http.MethodGet, answered.header.Get("Location"), nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return p.Finish(b.t.Context(), httptest.NewRecorder(), r, attempts)
}

func TestFranceConnectPlus(t *testing.T) {
	for _, encryption := range []string{"RSA-OAEP-256", "ECDH-ES"} {
		t.Run(encryption, func(t *testing.T) {
			rp := newRelyingParty(t, encryption)
			b := rp.bench(t, encryption)
			p := rp.provider(t, b, auth.FranceConnect, encryption)
			login, err := b.signInAt(p, "angela", "")
			if err != nil {
				t.Fatal(err)
			}
			if login.ACR != "eidas2" || login.Identity.Family != "DUBOIS" || strings.Join(login.AMR, " ") != "pwd mfa" {
				t.Errorf("got %+v", login)
			}
			if a := b.get("/franceconnect/session/end", url.Values{"id_token_hint": {login.IDToken}}); a.status != http.StatusOK {
				t.Errorf("sign-out with the signed token: got %d", a.status)
			}

			fresh := authtest.KeyFile(t, encryption)
			keys, err := auth.ParseClientKeys(encryption, [][]byte{fresh}, nil)
			if err != nil {
				t.Fatal(err)
			}
			rp.keys.Store(keys)
			if _, err := b.signInAt(p, "angela", ""); err == nil {
				t.Error("our keys are not kept for a while, as the real provider keeps them")
			}
			b.advance(time.Minute)
			if _, err := b.signInAt(p, "angela", ""); err != nil {
				t.Errorf("a minute after our keys changed: %v", err)
			}
			if got := rp.asked.Load(); got != 2 {
				t.Errorf("our keys were fetched %d times, want 2", got)
			}
		})
	}
}

func TestFranceConnectPlusLevels(t *testing.T) {
	rp := newRelyingParty(t, "ECDH-ES")
	b := rp.bench(t, "ECDH-ES")
	if got := b.callback("franceconnect", b.get("/franceconnect/authorize", request("franceconnect"))); got.Get("error") != "invalid_acr" {
		t.Errorf("eidas1: got %v, want invalid_acr", got)
	}
	for asked, want := range map[string]string{"eidas2": "eidas2", "eidas3": "eidas3", "eidas3 eidas2": "eidas2"} {
		q := request("franceconnect", "acr_values", asked)
		if got := (franceConnect{}).level(q, &client{IDPClient: configs.IDPClient{Encryption: "ECDH-ES"}}); got != want {
			t.Errorf("%s: got %s, want %s", asked, got, want)
		}
	}
}

func TestProSanteConnectWithAnAssertion(t *testing.T) {
	rp := newRelyingParty(t, "ECDH-ES")
	b := rp.bench(t, "ECDH-ES")
	p := rp.provider(t, b, auth.ProSanteConnect, "")
	for range 2 {
		login, err := b.signInAt(p, "camille", "")
		if err != nil {
			t.Fatal(err)
		}
		if login.Role != record.RolePhysician || len(login.Practices) != 1 || login.Practices[0].Speciality != "SM54" || len(login.Structures) != 1 {
			t.Errorf("got %+v", login)
		}
	}
	code := b.signIn("psc", "camille").Get("code")
	if got, _ := b.exchange("psc", tokenRequest("psc", code)); got.Error != "invalid_client" {
		t.Errorf("a secret in place of the assertion: got %q", got.Error)
	}
	if got, _ := b.exchange("psc", tokenRequest("psc", code, "client_secret", "")); got.Error != "invalid_client" {
		t.Errorf("an empty secret: got %q", got.Error)
	}
}

// TestEveryFaultCanBeOrdered in the form, and every one but a rotation is
// refused by Guichet; the sign-in after it is none the worse.
func TestEveryFaultCanBeOrdered(t *testing.T) {
	rp := newRelyingParty(t, "ECDH-ES")
	b := rp.bench(t, "ECDH-ES")
	played := map[mischief.Fault]bool{}
	for name, login := range map[string]string{auth.FranceConnect: "angela", auth.ProSanteConnect: "camille"} {
		for _, f := range mischief.Faults() {
			if mischief.Of(f).Needs&mischief.IsDiscovered != 0 || !mischief.Of(f).Fits(waysOf(name)) {
				continue
			}
			played[f] = true
			t.Run(name+", "+string(f), func(t *testing.T) {
				b.t = t
				b.advance(time.Minute) // so that keys may be fetched again
				p := rp.provider(t, b, name, map[string]string{auth.FranceConnect: "ECDH-ES"}[name])
				if _, err := b.signInAt(p, login, ""); err != nil {
					t.Fatalf("without a fault: %v", err)
				}
				_, err := b.signInAt(p, login, f)
				refusal, refused := errors.AsType[*auth.Refusal](err)
				if refused == mischief.Of(f).Harmless {
					t.Errorf("got %v", err)
				}
				if refused && mischief.Of(f).Keys != nil && refusal.Reason == auth.ReasonUnknownKey {
					t.Error("the fault of the keys was not seen")
				}
			})
		}
	}
	b.t = t
	for _, f := range mischief.Faults() {
		if !played[f] && mischief.Of(f).Needs&mischief.IsDiscovered == 0 {
			t.Errorf("%s was not played", f)
		}
	}
}

// waysOf is how each provider can misbehave towards a client that publishes
// keys.
func waysOf(name string) mischief.Way {
	if name == auth.FranceConnect {
		return franceConnect{}.profile().ways | mischief.Encrypts
	}
	return proSanteConnect{}.profile().ways
}

func TestTheFormOffersFaultsThatAreKnown(t *testing.T) {
	seen := map[mischief.Fault]bool{}
	for _, group := range faultGroups {
		for _, f := range group.Faults {
			if seen[f.Fault] || f.Text == "" {
				t.Errorf("%s is offered twice, or without words", f.Fault)
			}
			seen[f.Fault] = true
		}
	}
	if len(seen) == 0 {
		t.Error("no fault is offered")
	}
	b := newBench(t)
	page := b.get("/franceconnect/authorize", request("franceconnect"))
	if !strings.Contains(page.body, `<option value="wrong nonce">`) || strings.Contains(page.body, "not encrypted") {
		t.Error("plain FranceConnect offers not just what it can play")
	}
	f := b.readForm(page)
	f.fields.Set("login", "angela")
	for _, unknown := range []string{"nonsense", string(mischief.NotEncrypted), string(mischief.DiscoveryLies)} {
		f.fields.Set("fault", unknown)
		if a := b.post(f.action, f.fields); a.status != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", unknown, a.status)
		}
	}
}

// TestRetiredKeysStillSignOut: an ID token comes back hours after the provider
// has rotated its keys.
func TestRetiredKeysStillSignOut(t *testing.T) {
	b := newBench(t)
	got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", b.signIn("franceconnect", "angela").Get("code")))
	f := b.readForm(b.get("/franceconnect/authorize", request("franceconnect")))
	f.fields.Set("login", "angela")
	f.fields.Set("fault", string(mischief.RotatedKey))
	b.callback("franceconnect", b.post(f.action, f.fields))
	if a := b.get("/franceconnect/session/end", url.Values{"id_token_hint": {got.IDToken}}); a.status != http.StatusOK {
		t.Errorf("got %d", a.status)
	}
	if _, err := jose.ParseSignedCompact(got.IDToken, []jose.SignatureAlgorithm{jose.ES256}); err != nil {
		t.Error(err)
	}
}
