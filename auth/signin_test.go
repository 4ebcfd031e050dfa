package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/auth/mischief"
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
	redirect, err := p.Begin(b.t.Context(), w, b.attempts, returnTo)
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
	if slices.Contains([]auth.Reason{auth.ReasonProviderDown, auth.ReasonProviderSlow, auth.ReasonRedirected, auth.ReasonTooLarge, auth.ReasonKeys, auth.ReasonDiscovery, auth.ReasonProviderCertificate}, want) {
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
			Practices: []record.Practice{{
				Profession: "10", Category: "C", SpecialityType: "S", Speciality: "SM26", Family: "MOREAU", Given: "Camille",
				Activities: []record.Activity{{Mode: "L", Sector: "SA07", Structure: record.Structure{ID: "1130001234", Name: "Cabinet du Port"}}},
			}},
			Structures: []record.Structure{{ID: "1130001234", Name: "Cabinet du Port"}},
			Until:      now.Add(4*time.Hour - 5*time.Second),
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

// refusals says what must become of every fault of a provider.
var refusals = map[mischief.Fault]auth.Reason{
	mischief.WrongState: auth.ReasonState, mischief.NoState: auth.ReasonState, mischief.ReusedState: auth.ReasonState,
	mischief.EmptyState: auth.ReasonState, mischief.TwoStates: auth.ReasonState,
	mischief.WrongIssuer: auth.ReasonIssuer, mischief.EmptyIssuer: auth.ReasonIssuer,
	mischief.AccessDenied: auth.ReasonDenied, mischief.InvalidScope: auth.ReasonProviderError, mischief.InvalidACR: auth.ReasonProviderError,
	mischief.Unavailable: auth.ReasonProviderDown, mischief.ErrorAndCode: auth.ReasonProviderError,
	mischief.NoCode: auth.ReasonProviderError, mischief.TwoCodes: auth.ReasonProviderError,
	mischief.UnknownCode: auth.ReasonExchange, mischief.ReusedCode: auth.ReasonExchange,

	mischief.WrongNonce: auth.ReasonNonce, mischief.NoNonce: auth.ReasonNonce, mischief.ReusedNonce: auth.ReasonNonce,
	mischief.LowACR: auth.ReasonACR, mischief.NoACR: auth.ReasonACR, mischief.UnknownACR: auth.ReasonACR,
	mischief.FutureIssued: auth.ReasonTime, mischief.OldIssued: auth.ReasonTime, mischief.NoIssued: auth.ReasonTime,
	mischief.Expired: auth.ReasonExpired, mischief.NoExpiry: auth.ReasonExpired,
	mischief.OldAuthTime: auth.ReasonTime, mischief.FutureAuthTime: auth.ReasonTime, mischief.NoAuthTime: auth.ReasonTime,
	mischief.WrongAudience: auth.ReasonAudience, mischief.SeveralAudiences: auth.ReasonAudience,
	mischief.NoAudience: auth.ReasonAudience, mischief.WrongAuthorizedParty: auth.ReasonAudience,
	mischief.WrongTokenIssuer: auth.ReasonTokenIssuer, mischief.NoTokenIssuer: auth.ReasonTokenIssuer, mischief.OtherProvider: auth.ReasonUnknownKey,
	mischief.NoSubject: auth.ReasonSubject, mischief.LongSubject: auth.ReasonSubject,
	mischief.WrongTokenHash: auth.ReasonIDToken, mischief.AlgorithmNone: auth.ReasonAlgorithm,
	mischief.PublicKeyAsSecret: auth.ReasonAlgorithm, mischief.UnknownKey: auth.ReasonUnknownKey,
	mischief.ForgedSignature: auth.ReasonSignature, mischief.OtherAlgorithm: auth.ReasonAlgorithm, mischief.CriticalHeader: auth.ReasonIDToken,
	mischief.JSONSerialisation: auth.ReasonIDToken, mischief.NotAToken: auth.ReasonIDToken,
	mischief.NoIDToken: auth.ReasonIDToken, mischief.MalformedClaims: auth.ReasonIDToken,

	mischief.NotEncrypted: auth.ReasonPlain, mischief.EncryptedForAnother: auth.ReasonEncryption, mischief.EncryptedForUnknown: auth.ReasonEncryption,
	mischief.EncryptedOtherwise: auth.ReasonEncryption, mischief.EncryptedOtherCipher: auth.ReasonEncryption, mischief.EncryptedZipped: auth.ReasonEncryption,
	mischief.EncryptedCritical: auth.ReasonEncryption, mischief.EncryptedAltered: auth.ReasonEncryption, mischief.EncryptedJSON: auth.ReasonEncryption,
	mischief.EncryptedTwice: auth.ReasonIDToken, mischief.EncryptedUnsigned: auth.ReasonIDToken, mischief.SignedOutside: auth.ReasonPlain,

	mischief.UserinfoOtherSubject: auth.ReasonSubject, mischief.UserinfoNoSubject: auth.ReasonSubject,
	mischief.UserinfoWrongAudience: auth.ReasonAudience, mischief.UserinfoAudiences: auth.ReasonAudience,
	mischief.UserinfoNoAudience: auth.ReasonAudience, mischief.UserinfoWrongIssuer: auth.ReasonTokenIssuer,
	mischief.UserinfoExpired: auth.ReasonExpired, mischief.UserinfoNoExpiry: auth.ReasonExpired,
	mischief.UserinfoUnsigned: auth.ReasonUserinfo, mischief.UserinfoNone: auth.ReasonAlgorithm,
	mischief.UserinfoUnknownKey: auth.ReasonUnknownKey, mischief.UserinfoRefused: auth.ReasonUserinfo,
	mischief.UserinfoNotEncrypted: auth.ReasonPlain, mischief.UserinfoForAnother: auth.ReasonEncryption,
	mischief.UserinfoHTML: auth.ReasonUserinfo, mischief.UserinfoUntyped: auth.ReasonUserinfo,
	mischief.UserinfoMistyped: auth.ReasonUserinfo,

	mischief.NoFamilyName: auth.ReasonTraits, mischief.NoGivenName: auth.ReasonTraits, mischief.NoBirthdate: auth.ReasonTraits,
	mischief.NoGender: auth.ReasonTraits, mischief.NoBirthplace: auth.ReasonTraits, mischief.NoNationalID: auth.ReasonSubject,
	mischief.NoProfession: auth.ReasonTraits, mischief.MistypedName: auth.ReasonUserinfo,

	mischief.TokenRefused: auth.ReasonExchange, mischief.TokenRedirected: auth.ReasonRedirected, mischief.TokenLoops: auth.ReasonRedirected,
	mischief.TokenNotBearer: auth.ReasonExchange, mischief.TokenHuge: auth.ReasonTooLarge,
	mischief.TokenSlow: auth.ReasonProviderSlow, mischief.TokenDown: auth.ReasonProviderDown,
	mischief.TokenDropped: auth.ReasonProviderDown, mischief.TokenTruncated: auth.ReasonProviderDown,
	mischief.TokenBusy: auth.ReasonProviderDown,
	mischief.KeysHuge:  auth.ReasonTooLarge, mischief.KeysRedirected: auth.ReasonRedirected,
	mischief.KeysSlow: auth.ReasonProviderSlow, mischief.KeysDown: auth.ReasonProviderDown,
	mischief.UserinfoHuge: auth.ReasonTooLarge, mischief.UserinfoMoved: auth.ReasonRedirected, mischief.UserinfoLoops: auth.ReasonRedirected,
	mischief.UserinfoSlow: auth.ReasonProviderSlow, mischief.UserinfoDown: auth.ReasonProviderDown,

	mischief.DiscoveryLies: auth.ReasonDiscovery, mischief.DiscoveryPlain: auth.ReasonDiscovery, mischief.DiscoveryNothing: auth.ReasonDiscovery,
	mischief.DiscoveryMoved: auth.ReasonRedirected, mischief.DiscoveryHuge: auth.ReasonTooLarge, mischief.DiscoveryDown: auth.ReasonProviderDown,
}

// dialects are the providers as they differ on the wire.
var dialects = map[string]func(testing.TB) *authtest.Server{
	"FranceConnect":                func(t testing.TB) *authtest.Server { return authtest.New(t, auth.FranceConnect) },
	"FranceConnect+, RSA-OAEP-256": func(t testing.TB) *authtest.Server { return authtest.NewPlus(t, jose.RSA_OAEP_256) },
	"FranceConnect+, ECDH-ES":      func(t testing.TB) *authtest.Server { return authtest.NewPlus(t, jose.ECDH_ES) },
	"Pro Santé Connect":            func(t testing.TB) *authtest.Server { return authtest.New(t, auth.ProSanteConnect) },
}

// TestFaults signs in at a provider that does one thing wrong, then at the same
// provider mended: the refusal must be for the right reason, say nothing of what
// came from outside, and leave nothing behind.
func TestFaults(t *testing.T) {
	played := map[mischief.Fault]bool{}
	for name, start := range dialects {
		t.Run(name, func(t *testing.T) {
			for _, f := range mischief.Faults() {
				s := start(t)
				if !mischief.Of(f).Fits(s.Ways()) {
					continue
				}
				played[f] = true
				t.Run(string(f), func(t *testing.T) { testFault(t, s, f) })
			}
		})
	}
	for _, f := range mischief.Faults() {
		if !played[f] && mischief.Of(f).Needs&mischief.IsDiscovered == 0 { // those are TestDiscoveryFaults's
			t.Errorf("%s was not played", f)
		}
	}
}

func testFault(t *testing.T, s *authtest.Server, f mischief.Fault) {
	want, ok := refusals[f]
	if harmless := mischief.Of(f).Harmless; ok == harmless {
		t.Fatal("say which refusal is expected of this fault, or that it is none")
	}
	o := s.Options()
	o.ACR = "eidas2"
	b := newBrowser(t, nil)
	if _, err := b.signIn(s, newProvider(t, o)); err != nil { // what a replay takes up
		t.Fatalf("without a fault: %v", err)
	}
	if strings.HasSuffix(string(f), "slow") {
		o.Timeout = 50 * time.Millisecond
	}
	s.Fault = f
	_, err := b.signIn(s, newProvider(t, o))
	if want != "" {
		wantRefusal(t, err, want)
		wantSilence(t, s, err)
	} else if err != nil {
		t.Errorf("refused: %v", err)
	}

	s.Fault = ""
	o.Timeout = 0
	if _, err := b.signIn(s, newProvider(t, o)); err != nil {
		t.Errorf("the same provider, mended, is refused: %v", err)
	}
}

// wantSilence checks that a refusal repeats nothing that came from outside.
func wantSilence(t *testing.T, s *authtest.Server, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, value := range []string{s.Subject(), "elsewhere", "ordered", "DUBOIS", "MOREAU", "1962", "padding", "127.0.0.1", authtest.ClientSecret} {
		if strings.Contains(err.Error(), value) {
			t.Errorf("the refusal repeats %q: %v", value, err)
		}
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
