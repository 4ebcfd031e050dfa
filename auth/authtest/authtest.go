// Package authtest is an OpenID provider for tests, over TLS, that signs the
// person it is given in without asking, and misbehaves on order: each [Fault]
// breaks one thing that a relying party must notice. It answers like the
// FranceConnect or the Pro Santé Connect of the demonstration.
package authtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth"
)

// The relying party that the server knows.
const (
	ClientID     = "guichet-test"
	ClientSecret = "a secret for tests only"
	PortalURL    = "https://portal.test"
)

// Claims are what a token or a userinfo says.
type Claims map[string]any

// Server is a provider for one test.
type Server struct {
	Sub    string           // of whoever signs in; empty: always the same one
	Fault  Fault            // of the sign-ins that begin from now on; set it between them
	Person Claims           // userinfo of whoever signs in; sub is the server's own
	Now    func() time.Time // of the server's clock

	name string
	http *httptest.Server

	mu        sync.Mutex // guards what follows
	signer    signer
	codes     map[string]login // by code; unused ones
	keysFault http.HandlerFunc // of the sign-in begun last
	tokens    map[string]login // by access token
}

// login is one sign-in, with the fault it began under.
type login struct {
	fault     misbehaviour
	nonce     string
	acr       string
	challenge string
	redirect  string
}

// New starts a provider, auth.FranceConnect or auth.ProSanteConnect, that stops
// with the test.
func New(t testing.TB, provider string) *Server {
	t.Helper()
	s := &Server{
		Person: patient(), Now: time.Now,
		name: provider, signer: newSigner(t, provider),
		codes: make(map[string]login), tokens: make(map[string]login),
	}
	if provider == auth.ProSanteConnect {
		s.Person = physician()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /userinfo", s.userinfo)
	mux.HandleFunc("GET /jwks", s.keys)
	s.http = httptest.NewTLSServer(mux)
	t.Cleanup(s.http.Close)
	return s
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
		ClientID:      ClientID, ClientSecret: ClientSecret,
		RedirectURL: PortalURL + "/callback/" + s.name, PostLogoutRedirectURL: PortalURL + "/",
		ACR: "eidas1", Scopes: []string{"openid", "identite_pivot"}, Algorithms: []string{string(jose.ES256)},
		SignedUserinfo: true, Transport: s.http.Client().Transport, Now: s.Now,
	}
	if s.name == auth.ProSanteConnect {
		o.Label = "Pro Santé Connect"
		o.Scopes = []string{"openid", "scope_all"}
		o.Algorithms = []string{string(jose.RS256)}
		o.PKCE, o.SignedUserinfo = true, false
	}
	return o
}

// Rotate replaces the provider's keys, as they do from time to time.
func (s *Server) Rotate(t testing.TB) {
	t.Helper()
	fresh := newSigner(t, s.name)
	fresh.ownKeyID = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signer = fresh
}

// keyring returns the keys in use.
func (s *Server) keyring() signer {
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
	fault := faults[s.Fault]
	code := rand.Text()
	s.mu.Lock()
	s.keysFault = fault.keys
	s.codes[code] = login{fault: fault, nonce: q.Get("nonce"), acr: q.Get("acr_values"), challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri")}
	s.mu.Unlock()

	answer := url.Values{"state": {q.Get("state")}, "code": {code}}
	if s.name == auth.FranceConnect {
		answer.Set("iss", s.http.URL)
	}
	if fault.callback != nil {
		fault.callback(answer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
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
	if ok && l.fault.token != nil && !isFollowed(r) {
		l.fault.token(w, r)
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
	case r.PostFormValue("client_id") != ClientID, r.PostFormValue("client_secret") != ClientSecret:
		writeJSON(w, http.StatusUnauthorized, Claims{"error": "invalid_client"})
		return
	}
	accessToken := rand.Text()
	s.mu.Lock()
	s.tokens[accessToken] = l
	s.mu.Unlock()

	answer := Claims{"access_token": accessToken, "token_type": "Bearer", "expires_in": 60, "id_token": s.idToken(l, accessToken)}
	if l.fault.tokens != nil {
		l.fault.tokens(answer)
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) idToken(l login, accessToken string) string {
	now := s.Now()
	claims := Claims{
		"iss": s.http.URL, "sub": s.Subject(), "aud": ClientID, "nonce": l.nonce, "acr": l.acr,
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "auth_time": now.Add(-5 * time.Second).Unix(),
	}
	if s.name == auth.ProSanteConnect {
		hash := sha256.Sum256([]byte(accessToken))
		claims["at_hash"] = base64.RawURLEncoding.EncodeToString(hash[:len(hash)/2])
		claims["azp"] = ClientID
	}
	if l.fault.idToken != nil {
		l.fault.idToken(claims)
	}
	return s.keyring().sign(claims, l.fault.idTokenSignature)
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
	if l.fault.userinfo != nil && !isFollowed(r) {
		l.fault.userinfo(w, r)
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
	if l.fault.userinfoClaims != nil {
		l.fault.userinfoClaims(claims)
	}
	if l.fault.userinfoType != "" {
		w.Header().Set("Content-Type", l.fault.userinfoType)
	}
	if !signed || l.fault.userinfoPlain {
		writeJSON(w, http.StatusOK, claims)
		return
	}
	setDefault(w.Header(), "Content-Type", "application/jwt; charset=utf-8")
	_, _ = w.Write([]byte(s.keyring().sign(claims, l.fault.userinfoSignature)))
}

func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	answer := s.keysFault
	s.mu.Unlock()
	if answer != nil && !isFollowed(r) {
		answer(w, r)
		return
	}
	writeJSON(w, http.StatusOK, s.keyring().published())
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

// patient returns FranceConnect's claims about a fictitious person.
func patient() Claims {
	return Claims{
		"given_name": "Angela Claire Louise", "given_name_array": []string{"Angela", "Claire", "Louise"},
		"family_name": "DUBOIS", "birthdate": "1962-08-24", "gender": "female",
		"birthplace": "75107", "birthcountry": "99100",
	}
}

// physician returns Pro Santé Connect's claims about a fictitious person.
func physician() Claims {
	return Claims{
		"SubjectNameID": "899700218896", "preferred_username": "899700218896",
		"given_name": "Camille", "family_name": "MOREAU",
		"SubjectRole": []string{"10^1.2.250.1.213.1.1.5.5"}, "Mode_Acces_Raison": "",
		"otherIds": []Claims{{"identifiant": "899700218896", "origine": "RPPS", "qualite": 1}},
		"SubjectRefPro": Claims{
			"codeCivilite": "MME",
			"exercices": []Claims{{
				"codeProfession": "10", "codeCategorieProfessionnelle": "C", "nomDexercice": "MOREAU", "prenomDexercice": "Camille",
				"activities": []Claims{{"codeModeExercice": "L", "codeSecteurDactivite": "SA07"}},
			}},
		},
	}
}

// rsaKeys are made once: they are slow to make, and no test needs its own.
var rsaKeys = sync.OnceValues(func() (*[2]*rsa.PrivateKey, error) {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		keys[i] = key
	}
	return &keys, nil
})

// newKeys returns a provider's key and a stranger's of the same kind, and a key
// of the other kind.
func newKeys(t testing.TB, provider string) (own, stranger, other crypto.Signer) {
	t.Helper()
	rsaPair, err := rsaKeys()
	if err != nil {
		t.Fatalf("make keys: %v", err)
	}
	var ec [2]*ecdsa.PrivateKey
	for i := range ec {
		if ec[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatalf("make keys: %v", err)
		}
	}
	if provider == auth.ProSanteConnect {
		return rsaPair[0], rsaPair[1], ec[0]
	}
	return ec[0], ec[1], rsaPair[0]
}
