// Package authtest is an OpenID provider for tests, over TLS, that signs the
// person it is given in without asking, and misbehaves on order: see
// [mischief.Fault]. It answers like FranceConnect, FranceConnect+ or Pro Santé
// Connect.
package authtest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth"
	"guichet/auth/mischief"
)

// The relying party that the server knows.
const (
	ClientID     = "guichet-test"
	ClientSecret = "a secret for tests only"
	PortalURL    = "https://portal.test"
)

// Claims are what a token or a userinfo says.
type Claims = mischief.Claims

// Server is a provider for one test.
type Server struct {
	Sub            string            // of whoever signs in; empty: always the same one
	Fault          mischief.Fault    // of the sign-ins that begin from now on; set it between them
	Person         Claims            // userinfo of whoever signs in; sub is the server's own
	Now            func() time.Time  // of the server's clock
	SignedInBefore time.Duration     // how long before the ID token; five seconds by itself
	ClientAuth     string            // how a client must authenticate; client_secret_post by itself
	Keys           *auth.ClientKeys  // the relying party's
	Certificate    *x509.Certificate // that a client must show where ClientAuth asks for one

	name       string
	encryption jose.KeyAlgorithm // empty: none was agreed
	http       *httptest.Server

	mu         sync.Mutex // guards what follows
	signer     mischief.Signer
	codes      map[string]login // by code; unused ones
	keysFault  http.HandlerFunc // of the sign-in begun last
	tokens     map[string]login // by access token
	last       login            // the sign-in begun last
	asked      []url.Values     // authorization requests
	assertions map[string]bool  // by their jti
}

// login is one sign-in, with the fault it began under.
type login struct {
	fault     mischief.Misbehaviour
	state     string
	nonce     string
	acr       string
	amr       bool
	challenge string
	redirect  string
}

// New starts a provider, auth.FranceConnect or auth.ProSanteConnect, that stops
// with the test.
func New(t testing.TB, provider string) *Server {
	t.Helper()
	s := &Server{
		Person: patient(), Now: time.Now, SignedInBefore: 5 * time.Second, ClientAuth: auth.ClientSecretPost,
		name: provider, codes: make(map[string]login), tokens: make(map[string]login), assertions: make(map[string]bool),
	}
	algorithm := jose.ES256
	if provider == auth.ProSanteConnect {
		s.Person, algorithm = physician(), jose.RS256
	}
	var err error
	if s.signer, err = mischief.NewSigner(algorithm); err != nil {
		t.Fatalf("make keys: %v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /userinfo", s.userinfo)
	mux.HandleFunc("GET /jwks", s.keys)
	mux.HandleFunc("GET "+s.discoveryPath(), s.discovery)
	s.http = httptest.NewUnstartedServer(mux)
	s.http.TLS = &tls.Config{ClientAuth: tls.RequestClientCert} // #nosec G402 -- httptest's own versions
	s.http.StartTLS()
	t.Cleanup(s.http.Close)
	return s
}

// NewPlus starts a FranceConnect+, which encrypts for the relying party with an
// algorithm and knows no level below eidas2.
func NewPlus(t testing.TB, encryption jose.KeyAlgorithm) *Server {
	t.Helper()
	s := New(t, auth.FranceConnect)
	s.encryption = encryption
	s.Keys = usualKeys(t, string(encryption))
	return s
}

// made are the usual keys, by their encryption: they are slow to make, and no
// test needs its own.
var made sync.Map

func usualKeys(t testing.TB, encryption string) *auth.ClientKeys {
	t.Helper()
	if keys, ok := made.Load(encryption); ok {
		return keys.(*auth.ClientKeys)
	}
	keys := Keys(t, encryption)
	made.Store(encryption, keys)
	return keys
}

// Keys makes a relying party's keys: one to open with, one to sign with.
func Keys(t testing.TB, encryption string) *auth.ClientKeys {
	t.Helper()
	keys, err := auth.ParseClientKeys(encryption, [][]byte{KeyFile(t, encryption)}, [][]byte{KeyFile(t, "ES256")})
	if err != nil {
		t.Fatalf("parse keys: %v", err)
	}
	return keys
}

// KeyFile makes the content of a key file.
func KeyFile(t testing.TB, algorithm string) []byte {
	t.Helper()
	file, err := auth.NewClientKey(algorithm)
	if err != nil {
		t.Fatalf("make key: %v", err)
	}
	return file
}

// Issuer returns the provider's identifier.
func (s *Server) Issuer() string { return s.http.URL }

// Subject returns the sub of whoever signs in.
func (s *Server) Subject() string {
	if s.Sub != "" {
		return s.Sub
	}
	return "e3b0c44298fc1c149afbf4c8996fb924v1"
}

// Options returns what a relying party needs to use the server.
func (s *Server) Options() auth.Options {
	o := auth.Options{
		Name: s.name, Label: "FranceConnect", Issuer: s.http.URL,
		AuthorizationURL: s.http.URL + "/authorize", TokenURL: s.http.URL + "/token",
		UserinfoURL: s.http.URL + "/userinfo", JWKSURL: s.http.URL + "/jwks",
		EndSessionURL: s.http.URL + "/session/end",
		ClientID:      ClientID, ClientSecret: ClientSecret, ClientAuth: s.ClientAuth,
		RedirectURL: PortalURL + "/callback/" + s.name, PostLogoutRedirectURL: PortalURL + "/",
		ACR: "eidas1", Scopes: []string{"openid", "identite_pivot"}, Algorithms: []string{string(jose.ES256)},
		SignedUserinfo: true, Transport: s.http.Client().Transport, Now: s.Now,
	}
	if s.Keys != nil {
		o.Keys = func() (*auth.ClientKeys, error) { return s.Keys, nil }
	}
	if s.encryption != "" {
		o.Label, o.ACR, o.Encryption = "FranceConnect+", "eidas2", string(s.encryption)
	}
	if s.name == auth.ProSanteConnect {
		o.Label = "Pro Santé Connect"
		o.Scopes = []string{"openid", "scope_all"}
		o.Algorithms = []string{string(jose.RS256)}
		o.PKCE, o.SignedUserinfo = true, false
	}
	return o
}

// Discovered returns Options that leave the endpoints to the provider's
// discovery document.
func (s *Server) Discovered() auth.Options {
	o := s.Options()
	o.AuthorizationURL, o.TokenURL, o.UserinfoURL, o.JWKSURL = "", "", "", ""
	o.Discovery = s.http.URL + s.discoveryPath()
	return o
}

// Ways are what the server does that not every provider does.
func (s *Server) Ways() mischief.Way {
	if s.name == auth.ProSanteConnect {
		return mischief.KnowsProfessionals
	}
	ways := mischief.KnowsPatients | mischief.SignsUserinfo
	if s.encryption != "" {
		ways |= mischief.Encrypts
	}
	return ways
}

// Asked returns the authorization requests so far.
func (s *Server) Asked() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Rotate replaces the provider's keys, as they do from time to time.
func (s *Server) Rotate(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.rotate(); err != nil {
		t.Fatalf("rotate keys: %v", err)
	}
}

func (s *Server) rotate() error {
	fresh, err := s.signer.Rotated()
	if err == nil {
		s.signer = fresh
	}
	return err
}

// keyring returns the keys in use.
func (s *Server) keyring() mischief.Signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signer
}

// SignIn follows an authorization request as a browser would and returns the
// address that the provider sends the browser back to.
func (s *Server) SignIn(t testing.TB, authorizationURL string) *url.URL {
	t.Helper()
	client := *s.http.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Get(authorizationURL)
	if err != nil {
		t.Fatalf("authorize: %v", err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("authorize: status %d without a redirect", resp.StatusCode)
	}
	return back
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if problem := s.refusedRequest(q); problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	l := login{fault: mischief.Of(s.Fault), state: q.Get("state"), nonce: q.Get("nonce"), acr: q.Get("acr_values"),
		amr: q.Get("claims") == `{"id_token":{"amr":{"essential":true}}}`, challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
	answer := url.Values{"state": {l.state}, "code": {rand.Text()}}
	if s.name == auth.FranceConnect {
		answer.Set("iss", s.http.URL)
	}
	if err := s.start(l, q, answer); err != nil {
		http.Error(w, "no keys", http.StatusInternalServerError)
		return
	}
	if l.fault.Callback != nil {
		l.fault.Callback(answer)
	}
	http.Redirect(w, r, l.redirect+"?"+answer.Encode(), http.StatusSeeOther)
}

// start notes a sign-in, under its code.
func (s *Server) start(l login, asked, answer url.Values) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, asked)
	s.keysFault = l.fault.Keys
	before := s.last
	s.last = l
	if l.fault.ReplaysState {
		answer.Set("state", before.state)
	}
	if l.fault.ReplaysNonce {
		l.nonce = before.nonce
	}
	if !l.fault.SpendsCode {
		s.codes[answer.Get("code")] = l
	}
	if l.fault.Rotates {
		return s.rotate()
	}
	return nil
}

// refusedRequest says what is wrong with an authorization request, as strictly
// as the real providers.
func (s *Server) refusedRequest(q url.Values) string {
	accepted := map[string]bool{
		"client_id": true, "acr_values": true, "claims": true, "response_type": true, "nonce": true, "state": true,
		"redirect_uri": true, "scope": true, "prompt": true, "idp_hint": true, "ui_locales": true,
	}
	if s.name == auth.ProSanteConnect {
		accepted["code_challenge"], accepted["code_challenge_method"] = true, true
		if q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256" {
			return "no PKCE"
		}
	}
	for name := range q {
		if !accepted[name] {
			return "Y030007: unknown parameter"
		}
	}
	switch {
	case q.Get("client_id") != ClientID, q.Get("redirect_uri") != PortalURL+"/callback/"+s.name:
		return "unknown client or redirect address"
	case q.Get("response_type") != "code", !strings.HasPrefix(q.Get("acr_values"), "eidas"):
		return "response type or level"
	case s.encryption != "" && q.Get("acr_values") == "eidas1":
		return "invalid_acr: FranceConnect+ begins at eidas2"
	case len(q.Get("state")) < 32, len(q.Get("nonce")) < 32:
		return "state or nonce too short"
	}
	return ""
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	s.mu.Lock()
	l, ok := s.codes[code]
	s.mu.Unlock()
	if ok && l.fault.Token != nil && !mischief.IsFollowed(r) {
		l.fault.Token(w, r)
		return
	}
	s.mu.Lock()
	delete(s.codes, code) // once only
	s.mu.Unlock()
	verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case !ok,
		r.PostFormValue("grant_type") != "authorization_code",
		r.PostFormValue("redirect_uri") != l.redirect,
		l.challenge != "" && l.challenge != base64.RawURLEncoding.EncodeToString(verifier[:]):
		writeJSON(w, http.StatusBadRequest, Claims{"error": "invalid_grant"})
		return
	case !s.isClient(r):
		writeJSON(w, http.StatusUnauthorized, Claims{"error": "invalid_client"})
		return
	}
	accessToken := rand.Text()
	s.mu.Lock()
	s.tokens[accessToken] = l
	s.mu.Unlock()

	idToken, err := s.idToken(l, accessToken)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer := Claims{"access_token": accessToken, "token_type": "Bearer", "expires_in": 60, "id_token": idToken}
	if l.fault.Tokens != nil {
		l.fault.Tokens(answer)
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) idToken(l login, accessToken string) (string, error) {
	now := s.Now()
	claims := Claims{
		"iss": s.http.URL, "sub": s.Subject(), "aud": ClientID, "nonce": l.nonce, "acr": l.acr,
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "auth_time": now.Add(-s.SignedInBefore).Unix(),
	}
	if l.amr {
		claims["amr"] = []string{"pwd", "mfa"}
	}
	if s.name == auth.ProSanteConnect {
		hash := sha256.Sum256([]byte(accessToken))
		claims["at_hash"] = base64.RawURLEncoding.EncodeToString(hash[:len(hash)/2])
		claims["azp"] = ClientID
	}
	if l.fault.IDToken != nil {
		l.fault.IDToken(claims)
	}
	return s.wrap(claims, l.fault.Signature, l.fault.Encryption)
}

// wrap signs claims and, where that was agreed, encrypts them for the relying
// party's first key.
func (s *Server) wrap(claims Claims, signature mischief.Signature, encryption mischief.Encryption) (string, error) {
	signer := s.keyring()
	signed, err := signer.Sign(claims, signature)
	if err != nil || s.encryption == "" {
		return signed, err
	}
	return signer.Encrypt(signed, s.published("enc"), encryption)
}

// published is the first key of a use in what the relying party publishes.
func (s *Server) published(use string) jose.JSONWebKey {
	var set jose.JSONWebKeySet
	text, err := auth.PublicKeys(s.Keys)
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		return jose.JSONWebKey{} // which nothing can be done with
	}
	for _, key := range set.Keys {
		if key.Use == use {
			return key
		}
	}
	return jose.JSONWebKey{}
}

func (s *Server) userinfo(w http.ResponseWriter, r *http.Request) {
	const scheme = "Bearer "
	header := r.Header.Get("Authorization")
	s.mu.Lock()
	l, ok := s.tokens[header[min(len(scheme), len(header)):]]
	s.mu.Unlock()
	if !ok {
		writeJSON(w, http.StatusUnauthorized, Claims{"error": "invalid_token"})
		return
	}
	if l.fault.Userinfo != nil && !mischief.IsFollowed(r) {
		l.fault.Userinfo(w, r)
		return
	}
	claims := Claims{"sub": s.Subject()}
	for name, value := range s.Person {
		claims[name] = value
	}
	signed := s.name == auth.FranceConnect
	if signed {
		now := s.Now()
		claims["iss"], claims["aud"] = s.http.URL, ClientID
		claims["iat"], claims["exp"] = now.Unix(), now.Add(time.Minute).Unix()
	}
	if l.fault.UserinfoClaims != nil {
		l.fault.UserinfoClaims(claims)
	}
	if l.fault.UserinfoType != "" {
		w.Header().Set("Content-Type", l.fault.UserinfoType)
	}
	if !signed || l.fault.UserinfoPlain {
		writeJSON(w, http.StatusOK, claims)
		return
	}
	token, err := s.wrap(claims, l.fault.UserinfoSignature, l.fault.UserinfoEncryption)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	setDefault(w.Header(), "Content-Type", "application/jwt; charset=utf-8")
	_, _ = w.Write([]byte(token))
}

func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	answer := s.keysFault
	s.mu.Unlock()
	if answer != nil && !mischief.IsFollowed(r) {
		answer(w, r)
		return
	}
	writeJSON(w, http.StatusOK, s.keyring().Published())
}

// discoveryPath is where the document lies: Pro Santé Connect's has a name of
// its own.
func (s *Server) discoveryPath() string {
	if s.name == auth.ProSanteConnect {
		return "/.well-known/wallet-openid-configuration"
	}
	return "/.well-known/openid-configuration"
}

func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	fault := mischief.Of(s.Fault)
	if fault.Discovery != nil && !mischief.IsFollowed(r) {
		fault.Discovery(w, r)
		return
	}
	document := Claims{
		"issuer": s.http.URL, "authorization_endpoint": s.http.URL + "/authorize", "token_endpoint": s.http.URL + "/token",
		"userinfo_endpoint": s.http.URL + "/userinfo", "jwks_uri": s.http.URL + "/jwks",
	}
	if fault.Discovered != nil {
		fault.Discovered(document)
	}
	writeJSON(w, http.StatusOK, document)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	setDefault(w.Header(), "Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the test sees a broken answer
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}
