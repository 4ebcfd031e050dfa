package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/fault"
	"guichet/record"
)

const cookieName = "__Host-attempt"

// browser is one visitor: the cookie it holds, and what it was last sent.
type browser struct {
	t        testing.TB
	attempts *auth.Attempts
	cookie   *http.Cookie
}

func newBrowser(t testing.TB, now func() time.Time) *browser {
	t.Helper()
	key := []byte(strings.Repeat("k", 32) + strings.Repeat("b", 32))
	attempts, err := auth.NewAttempts(cookieName, key, now)
	if err != nil {
		t.Fatalf("NewAttempts: %v", err)
	}
	return &browser{t: t, attempts: attempts}
}

func newProvider(t testing.TB, o auth.Options) *auth.Provider {
	t.Helper()
	p, err := auth.NewProvider(o)
	if err != nil {
		t.Fatalf("NewProvider: %v", err)
	}
	return p
}

// begin starts a sign-in and returns the address of the provider's page.
func (b *browser) begin(p *auth.Provider, returnTo string) string {
	b.t.Helper()
	w := httptest.NewRecorder()
	redirect, err := p.Begin(w, b.attempts, returnTo)
	if err != nil {
		b.t.Fatalf("Begin: %v", err)
	}
	b.receive(w)
	return redirect
}

// finish brings the provider's answer back.
func (b *browser) finish(p *auth.Provider, callback string) (*auth.Login, error) {
	b.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, callback, nil)
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	login, err := p.Finish(r.Context(), w, r, b.attempts)
	b.receive(w)
	if b.cookie != nil {
		b.t.Error("the attempt is still in the browser after Finish")
	}
	return login, err
}

func (b *browser) receive(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.Name != cookieName {
			continue
		}
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
}

// signIn walks the whole way.
func (b *browser) signIn(s *authtest.Server, p *auth.Provider) (*auth.Login, error) {
	b.t.Helper()
	return b.finish(p, s.SignIn(b.t, b.begin(p, "/reports")).String())
}

// wantRefusal checks the reason and the kind, which follows from it.
func wantRefusal(t *testing.T, err error, want auth.Reason) {
	t.Helper()
	refusal, ok := errors.AsType[*auth.Refusal](err)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	if refusal.Reason != want {
		t.Errorf("got reason %q (%v), want %q", refusal.Reason, err, want)
	}
	kind := fault.Unauthenticated
	if want == auth.ReasonProviderDown || want == auth.ReasonProviderCertificate {
		kind = fault.Unavailable
	}
	if got := fault.KindOf(err); got != kind {
		t.Errorf("got kind %v, want %v", got, kind)
	}
}

func TestSignIn(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	clock := func() time.Time { return now }
	tests := []struct {
		provider string
		want     auth.Login
	}{
		{auth.FranceConnect, auth.Login{
			Provider: "franceconnect", Role: record.RolePatient,
			Identity: record.Identity{
				Family: "DUBOIS", Given: "Angela Claire Louise", Birthdate: "1962-08-24",
				Sex: record.Female, Birthplace: "75107",
			},
		}},
		{auth.ProSanteConnect, auth.Login{
			Provider: "psc", Role: record.RolePhysician, Subject: "899700218896", NationalID: "899700218896",
			Identity: record.Identity{Family: "MOREAU", Given: "Camille"},
		}},
	}
	for _, test := range tests {
		t.Run(test.provider, func(t *testing.T) {
			s := authtest.New(t, test.provider)
			s.Now = clock
			p := newProvider(t, s.Options())
			b := newBrowser(t, clock)
			redirect := b.begin(p, "/reports?page=2")
			got, err := b.finish(p, s.SignIn(t, redirect).String())
			if err != nil {
				t.Fatalf("Finish: %v", err)
			}
			if strings.Count(got.IDToken, ".") != 2 {
				t.Error("the ID token kept for sign-out is not a signed token")
			}
			want := test.want
			want.Issuer, want.ACR, want.ReturnTo = s.Issuer(), "eidas1", "/reports?page=2"
			want.AuthTime, want.State, want.IDToken = now.Add(-5*time.Second), query(t, redirect).Get("state"), got.IDToken
			if want.Subject == "" {
				want.Subject = s.Subject()
			}
			want.Token = auth.Proof{Subject: s.Subject(), Nonce: query(t, redirect).Get("nonce"), Issued: now}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("login (-want +got):\n%s", diff)
			}
		})
	}
}

// refusals says what must become of every fault of authtest.
var refusals = map[authtest.Fault]auth.Reason{
	authtest.WrongState: auth.ReasonState, authtest.NoState: auth.ReasonState,
	authtest.EmptyState: auth.ReasonState, authtest.TwoStates: auth.ReasonState,
	authtest.WrongIssuer: auth.ReasonIssuer, authtest.EmptyIssuer: auth.ReasonIssuer,
	authtest.AccessDenied: auth.ReasonDenied, authtest.InvalidScope: auth.ReasonProviderError,
	authtest.Unavailable: auth.ReasonProviderDown, authtest.ErrorAndCode: auth.ReasonProviderError,
	authtest.NoCode: auth.ReasonProviderError, authtest.TwoCodes: auth.ReasonProviderError,
	authtest.UnknownCode: auth.ReasonExchange,

	authtest.WrongNonce: auth.ReasonNonce, authtest.NoNonce: auth.ReasonNonce,
	authtest.LowACR: auth.ReasonACR, authtest.NoACR: auth.ReasonACR, authtest.UnknownACR: auth.ReasonACR,
	authtest.FutureIssued: auth.ReasonTime, authtest.OldIssued: auth.ReasonTime, authtest.NoIssued: auth.ReasonTime,
	authtest.Expired: auth.ReasonTime, authtest.NoExpiry: auth.ReasonTime,
	authtest.OldAuthTime: auth.ReasonTime, authtest.FutureAuthTime: auth.ReasonTime, authtest.NoAuthTime: auth.ReasonTime,
	authtest.WrongAudience: auth.ReasonAudience, authtest.SeveralAudiences: auth.ReasonAudience,
	authtest.NoAudience: auth.ReasonAudience, authtest.WrongAuthorizedParty: auth.ReasonAudience,
	authtest.WrongTokenIssuer: auth.ReasonIDToken, authtest.NoTokenIssuer: auth.ReasonIDToken,
	authtest.NoSubject: auth.ReasonSubject, authtest.LongSubject: auth.ReasonSubject,
	authtest.WrongTokenHash: auth.ReasonIDToken, authtest.AlgorithmNone: auth.ReasonIDToken,
	authtest.PublicKeyAsSecret: auth.ReasonIDToken, authtest.UnknownKey: auth.ReasonIDToken,
	authtest.ForgedSignature: auth.ReasonIDToken, authtest.OtherAlgorithm: auth.ReasonIDToken,
	authtest.JSONSerialisation: auth.ReasonIDToken, authtest.NotAToken: auth.ReasonIDToken,
	authtest.NoIDToken: auth.ReasonIDToken, authtest.MalformedClaims: auth.ReasonIDToken,

	authtest.UserinfoOtherSubject: auth.ReasonSubject, authtest.UserinfoNoSubject: auth.ReasonSubject,
	authtest.UserinfoWrongAudience: auth.ReasonAudience, authtest.UserinfoAudiences: auth.ReasonAudience,
	authtest.UserinfoNoAudience: auth.ReasonAudience, authtest.UserinfoWrongIssuer: auth.ReasonUserinfo,
	authtest.UserinfoExpired: auth.ReasonTime, authtest.UserinfoNoExpiry: auth.ReasonTime,
	authtest.UserinfoUnsigned: auth.ReasonUserinfo, authtest.UserinfoNone: auth.ReasonUserinfo,
	authtest.UserinfoUnknownKey: auth.ReasonUserinfo, authtest.UserinfoRefused: auth.ReasonUserinfo,
	authtest.UserinfoHTML: auth.ReasonUserinfo, authtest.UserinfoUntyped: auth.ReasonUserinfo,
	authtest.UserinfoMistyped: auth.ReasonUserinfo,

	authtest.TokenRefused: auth.ReasonExchange, authtest.TokenRedirected: auth.ReasonExchange,
	authtest.TokenNotBearer: auth.ReasonExchange, authtest.TokenHuge: auth.ReasonExchange,
	authtest.TokenSlow: auth.ReasonProviderDown, authtest.TokenDown: auth.ReasonProviderDown,
	authtest.TokenDropped: auth.ReasonProviderDown, authtest.TokenTruncated: auth.ReasonProviderDown,
	authtest.TokenBusy: auth.ReasonProviderDown,
	authtest.KeysHuge:  auth.ReasonIDToken, authtest.KeysRedirected: auth.ReasonIDToken,
	authtest.KeysSlow: auth.ReasonProviderDown, authtest.KeysDown: auth.ReasonProviderDown,
	authtest.UserinfoHuge: auth.ReasonUserinfo, authtest.UserinfoMoved: auth.ReasonUserinfo,
	authtest.UserinfoSlow: auth.ReasonProviderDown, authtest.UserinfoDown: auth.ReasonProviderDown,
}

// forSignedUserinfo are the faults that plain userinfo cannot have.
var forSignedUserinfo = map[authtest.Fault]bool{
	authtest.UserinfoWrongAudience: true, authtest.UserinfoAudiences: true, authtest.UserinfoNoAudience: true,
	authtest.UserinfoWrongIssuer: true, authtest.UserinfoExpired: true, authtest.UserinfoNoExpiry: true,
	authtest.UserinfoUnsigned: true, authtest.UserinfoNone: true, authtest.UserinfoUnknownKey: true,
}

// TestFaults signs in at a provider that does one thing wrong, then at the same
// provider mended: the refusal must be for the right reason, say nothing of what
// came from outside, and leave nothing behind.
func TestFaults(t *testing.T) {
	for _, provider := range []string{auth.FranceConnect, auth.ProSanteConnect} {
		t.Run(provider, func(t *testing.T) {
			for _, f := range authtest.Faults() {
				if provider == auth.ProSanteConnect && forSignedUserinfo[f] {
					continue
				}
				t.Run(string(f), func(t *testing.T) { testFault(t, provider, f) })
			}
		})
	}
}

func testFault(t *testing.T, provider string, f authtest.Fault) {
	want, ok := refusals[f]
	if !ok {
		t.Fatal("no refusal is expected of this fault: say which")
	}
	s := authtest.New(t, provider)
	o := s.Options()
	o.ACR = "eidas2"
	if strings.HasSuffix(string(f), "slow") {
		o.Timeout = 50 * time.Millisecond
	}
	b := newBrowser(t, nil)
	s.Fault = f
	_, err := b.signIn(s, newProvider(t, o))
	wantRefusal(t, err, want)
	for _, value := range []string{s.Subject(), "elsewhere", "ordered", "DUBOIS", "MOREAU", "1962", "padding", "127.0.0.1", authtest.ClientSecret} {
		if strings.Contains(err.Error(), value) {
			t.Errorf("the refusal repeats %q: %v", value, err)
		}
	}

	s.Fault = ""
	o.Timeout = 0
	if _, err := b.signIn(s, newProvider(t, o)); err != nil {
		t.Errorf("the same provider, mended, is refused: %v", err)
	}
}

func TestProviderGoneAltogether(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	o := s.Options()
	o.TokenURL = "https://127.0.0.1:1/token" // nothing listens on port 1
	b := newBrowser(t, nil)
	_, err := b.signIn(s, newProvider(t, o))
	wantRefusal(t, err, auth.ReasonProviderDown)
}

func TestCallerGoesAway(t *testing.T) {
	s := authtest.New(t, auth.FranceConnect)
	p := newProvider(t, s.Options())
	b := newBrowser(t, nil)
	callback := s.SignIn(t, b.begin(p, "/"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequest(http.MethodGet, callback.String(), nil)
	r.AddCookie(b.cookie)
	_, err := p.Finish(ctx, httptest.NewRecorder(), r, b.attempts)
	wantRefusal(t, err, auth.ReasonProviderDown)
}

func TestKeysAreFetchedAgainAfterRotation(t *testing.T) {
	for _, provider := range []string{auth.FranceConnect, auth.ProSanteConnect} {
		s := authtest.New(t, provider)
		p := newProvider(t, s.Options())
		b := newBrowser(t, nil)
		for range 2 {
			if _, err := b.signIn(s, p); err != nil {
				t.Errorf("%s: %v", provider, err)
			}
			s.Rotate(t)
		}
	}
}

// TestClaimsAreRefusedOverHTTP shows that what the parsers refuse is refused on
// the whole way, too; their own tables stand beside them.
func TestClaimsAreRefusedOverHTTP(t *testing.T) {
	tests := []struct {
		name, provider, claim string
		value                 any
		want                  auth.Reason
	}{
		{"no family name", auth.FranceConnect, "family_name", "", auth.ReasonTraits},
		{"no birth date", auth.FranceConnect, "birthdate", "", auth.ReasonTraits},
		{"birth date in digits", auth.FranceConnect, "birthdate", 19620824, auth.ReasonUserinfo},
		{"no national identifier", auth.ProSanteConnect, "SubjectNameID", "", auth.ReasonSubject},
		{"no given name", auth.ProSanteConnect, "given_name", "", auth.ReasonTraits},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := authtest.New(t, test.provider)
			s.Person[test.claim] = test.value
			_, err := newBrowser(t, nil).signIn(s, newProvider(t, s.Options()))
			wantRefusal(t, err, test.want)
		})
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("parse address: %v", err)
	}
	return u.Query()
}
