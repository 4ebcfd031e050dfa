package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"text/template"
	"time"

	"guichet/auth/mischief"
	"guichet/configs"
)

const (
	codeLife  = 30 * time.Second
	maxGrants = 10_000 // sign-ins under way: a bound on memory, not a limit for people
)

// provider is one fictitious identity provider. Its fields but for the stores
// and its mischief never change.
type provider struct {
	dialect  dialect
	profile  profile
	pages    *template.Template
	path     string // below the public URL
	issuer   string
	clients  map[string]*client
	people   []configs.IDPPerson
	mischief *ordered
	codes    *expiring[grant]
	tokens   *expiring[grant]
	log      *slog.Logger
	now      func() time.Time
}

// client is a relying party.
type client struct {
	configs.IDPClient
	secret configs.Secret
	keys   *clientKeys // nil where it publishes none
}

// isPlus reports whether the client is one of FranceConnect+.
func (c *client) isPlus() bool { return c.Encryption != "" }

// grant is what a person's sign-in gives a client.
type grant struct {
	person      configs.IDPPerson
	clientID    string
	redirectURI string
	nonce       string
	challenge   string // of PKCE; empty when the client sent none
	scopes      []string
	level       string
	signedIn    time.Time

	tellsMethods bool                  // of signing in, in the ID token
	fault        mischief.Misbehaviour // that was ordered
}

func newProvider(d dialect, config configs.IDPSim, secrets []configs.Secret, pages *template.Template, log *slog.Logger, now func() time.Time) (*provider, error) {
	name := d.profile().name
	p := &provider{
		dialect: d,
		profile: d.profile(),
		pages:   pages,
		path:    "/" + name,
		issuer:  strings.TrimSuffix(config.PublicURL, "/") + "/" + name,
		clients: make(map[string]*client),
		codes:   newExpiring[grant](codeLife, maxGrants, now),
		tokens:  newExpiring[grant](d.profile().tokenLife, maxGrants, now),
		log:     log.With("provider", name),
		now:     now,
	}
	for i, c := range config.Clients {
		if c.Provider != name {
			continue
		}
		known := &client{IDPClient: c, secret: secrets[i]}
		if c.JWKSURL != "" {
			keys, err := newClientKeys(c, now)
			if err != nil {
				return nil, fmt.Errorf("client %s: %w", c.ClientID, err)
			}
			known.keys = keys
		}
		p.clients[c.ClientID] = known
	}
	for _, person := range config.People {
		if person.Provider != name {
			continue
		}
		if person.RPPS != "" && !hasCheckDigit(person.RPPS) {
			return nil, fmt.Errorf("person %q: the last digit of the RPPS number is not its check digit", person.Login)
		}
		p.people = append(p.people, person)
	}
	signer, err := mischief.NewSigner(p.profile.algorithm)
	if err != nil {
		return nil, err
	}
	p.mischief = &ordered{signer: signer}
	return p, nil
}

func (p *provider) mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+p.path+"/.well-known/openid-configuration", p.showConfiguration)
	if p.profile.discoveryPath != "/.well-known/openid-configuration" {
		mux.HandleFunc("GET "+p.path+p.profile.discoveryPath, p.showConfiguration)
	}
	mux.HandleFunc("GET "+p.path+"/jwks", p.showKeys)
	mux.HandleFunc("GET "+p.path+"/authorize", p.showSignIn)
	mux.HandleFunc("POST "+p.path+"/sign-in", p.signIn)
	mux.HandleFunc("GET "+p.path+"/give-up", p.giveUp)
	mux.HandleFunc("POST "+p.path+"/token", p.exchange)
	mux.HandleFunc("GET "+p.path+"/userinfo", p.showUserinfo)
	mux.HandleFunc("POST "+p.path+"/userinfo", p.showUserinfo)
	mux.HandleFunc("GET "+p.path+p.profile.endSessionPath, p.endSession)
}

func (p *provider) showConfiguration(w http.ResponseWriter, _ *http.Request) {
	clientAuth := []string{"client_secret_post", "private_key_jwt"}
	if p.profile.takesBasic {
		clientAuth = append(clientAuth, "client_secret_basic")
	}
	document := claims{
		"issuer":                                p.issuer,
		"authorization_endpoint":                p.issuer + "/authorize",
		"token_endpoint":                        p.issuer + "/token",
		"userinfo_endpoint":                     p.issuer + "/userinfo",
		"jwks_uri":                              p.issuer + "/jwks",
		"end_session_endpoint":                  p.issuer + p.profile.endSessionPath,
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code"},
		"subject_types_supported":               []string{"pairwise"},
		"acr_values_supported":                  []string{"eidas1", "eidas2", "eidas3"},
		"scopes_supported":                      p.profile.scopes,
		"id_token_signing_alg_values_supported": []string{string(p.profile.algorithm)},
		"token_endpoint_auth_methods_supported": clientAuth,
		// FranceConnect says so too, and refuses it all the same.
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": p.profile.namesItself,
	}
	if p.profile.signsUserinfo {
		document["userinfo_signing_alg_values_supported"] = []string{string(p.profile.algorithm)}
		for _, use := range []string{"id_token", "userinfo"} {
			document[use+"_encryption_alg_values_supported"] = []string{"RSA-OAEP-256", "ECDH-ES"}
			document[use+"_encryption_enc_values_supported"] = []string{"A256GCM"}
		}
	}
	writeJSON(w, http.StatusOK, document)
}

func (p *provider) showKeys(w http.ResponseWriter, r *http.Request) {
	if answer := p.mischief.keysAnswer(); answer != nil && !mischief.IsFollowed(r) {
		answer(w, r)
		return
	}
	writeJSON(w, http.StatusOK, p.mischief.keyring().Published())
}

// wrap returns c as a signed token, encrypted where the client has it so.
func (p *provider) wrap(ctx context.Context, c claims, to *client, signature mischief.Signature, encryption mischief.Encryption) (string, error) {
	signer := p.mischief.keyring()
	signed, err := signer.Sign(c, signature)
	if err != nil || !to.isPlus() {
		return signed, err
	}
	key, err := to.keys.encryptionKey(ctx)
	if err != nil {
		return "", err
	}
	return signer.Encrypt(signed, key, encryption)
}

// person returns who has the login.
func (p *provider) person(login string) (configs.IDPPerson, bool) {
	i := slices.IndexFunc(p.people, func(someone configs.IDPPerson) bool { return someone.Login == login })
	if i < 0 {
		return configs.IDPPerson{}, false
	}
	return p.people[i], true
}

// isSecret compares in constant time.
func (c *client) isSecret(given string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(c.secret.Reveal())) == 1
}

// hasCheckDigit reports whether digits pass ISO/IEC 7812-1 annex B.
func hasCheckDigit(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d = 2*d/10 + 2*d%10
		}
		sum += d
	}
	return sum%10 == 0
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}
