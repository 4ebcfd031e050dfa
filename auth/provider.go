package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"guichet/record"
)

// The two providers.
const (
	FranceConnect   = "franceconnect"
	ProSanteConnect = "psc"
)

// Options describe one provider. Endpoints are given or, where Discovery is,
// those left out are discovered.
type Options struct {
	Name                  string // FranceConnect or ProSanteConnect
	Label                 string // as people know it
	Issuer                string
	Discovery             string // address of the discovery document; empty: all endpoints are given
	AuthorizationURL      string
	TokenURL              string
	UserinfoURL           string
	JWKSURL               string
	EndSessionURL         string // empty: no sign-out at the provider
	ClientID              string
	ClientAuth            string // at the token endpoint; empty means ClientSecretPost
	ClientSecret          string
	Keys                  func() (*ClientKeys, error) // ours, as they are now; nil: none
	Encryption            string                      // of the ID token and a signed userinfo, for our key; empty: none
	RedirectURL           string
	PostLogoutRedirectURL string
	ACR                   string   // asked for, and the least that is accepted
	Scopes                []string // openid among them
	Algorithms            []string // of signatures; anything else is refused
	PKCE                  bool     // off for FranceConnect, which refuses unknown parameters
	SignedUserinfo        bool     // application/jwt, as FranceConnect sends it
	AMR                   bool     // by which methods the person signed in is asked for, and must be told

	MaxAuthAge time.Duration          // how long ago the person may have signed in there; 0 means the provider's own rule
	Roles      map[string]record.Role // of professions (TRE_G15); nil means physicians and nurses by their codes

	Transport http.RoundTripper // carries the trusted CA; nil means the system's
	Now       func() time.Time  // nil means time.Now
	Timeout   time.Duration     // of one call to the provider; 0 means 10 seconds
}

// Provider is one OpenID provider as its relying party sees it. It is safe for
// concurrent use.
type Provider struct {
	name, label           string
	issuer, clientID      string
	clientAuth            string
	clientKeys            func() (*ClientKeys, error)
	encryption            string
	endSessionURL         string
	postLogoutRedirectURL string
	acr                   string
	pkce, signedUserinfo  bool
	amr                   bool
	maxAuthAge            time.Duration
	parse                 func(userinfo []byte, now time.Time) (person, *Refusal)

	oauth     oauth2.Config // but for its endpoints
	directory *directory
	client    *http.Client
	keys      *keySet
	verifier  oidc.Config
	now       func() time.Time
}

// levels orders the eIDAS levels; what is not here is not accepted.
var levels = map[string]int{"eidas1": 1, "eidas2": 2, "eidas3": 3}

// algorithms are the signatures that may be agreed with a provider (GC1.a).
// Those with a shared secret, and none at all, are not among them.
var algorithms = []string{oidc.ES256, oidc.ES384, oidc.PS256, oidc.RS256}

// maxAuthAge is each provider's own rule on how long ago the person may have
// signed in there. FranceConnect always asks again, within its interaction of
// 30 minutes; a session of Pro Santé Connect lasts four hours at most.
var maxAuthAge = map[string]time.Duration{FranceConnect: 30 * time.Minute, ProSanteConnect: 4 * time.Hour}

// NewProvider checks o and returns the provider it describes. It makes no call.
func NewProvider(o Options) (*Provider, error) {
	if o.ClientAuth == "" {
		o.ClientAuth = ClientSecretPost
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("configure provider: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = callTimeout
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.MaxAuthAge == 0 {
		o.MaxAuthAge = maxAuthAge[o.Name]
	}
	client := newClient(o.Transport, o.Timeout)
	parse := parseCivil
	if o.Name == ProSanteConnect {
		parse = professions(o.Roles).parse
	}
	return &Provider{
		name: o.Name, label: o.Label,
		issuer: o.Issuer, clientID: o.ClientID,
		clientAuth: o.ClientAuth, clientKeys: o.Keys, encryption: o.Encryption,
		endSessionURL: o.EndSessionURL, postLogoutRedirectURL: o.PostLogoutRedirectURL,
		acr: o.ACR, pkce: o.PKCE, signedUserinfo: o.SignedUserinfo, amr: o.AMR,
		maxAuthAge: o.MaxAuthAge,
		parse:      parse,
		oauth: oauth2.Config{
			ClientID: o.ClientID, ClientSecret: o.ClientSecret,
			RedirectURL: o.RedirectURL, Scopes: o.Scopes,
			Endpoint: oauth2.Endpoint{AuthStyle: authStyle(o.ClientAuth)},
		},
		directory: &directory{
			given:   endpoints{o.AuthorizationURL, o.TokenURL, o.UserinfoURL, o.JWKSURL},
			address: o.Discovery, issuer: o.Issuer, client: client, now: o.Now,
		},
		client: client,
		keys:   &keySet{client: client, algorithms: signatures(o.Algorithms), now: o.Now},
		verifier: oidc.Config{
			SupportedSigningAlgs: slices.Clone(o.Algorithms),
			Now:                  o.Now,
			SkipClientIDCheck:    true, // isForUs is stricter: us, and nobody else
			SkipIssuerCheck:      true, // after the signature, so that its own reason is given
		},
		now: o.Now,
	}, nil
}

// Name returns the provider's name in routes and traces.
func (p *Provider) Name() string { return p.name }

// Issuer returns the provider's identifier.
func (p *Provider) Issuer() string { return p.issuer }

// Label returns the name people know the provider by.
func (p *Provider) Label() string { return p.label }

// EndSession returns where to send a browser whose session here has ended, so
// that it ends at the provider too; empty when there is nowhere to go.
func (p *Provider) EndSession(idToken, state string) string {
	if p.endSessionURL == "" || idToken == "" {
		return ""
	}
	q := url.Values{"id_token_hint": {idToken}}
	if p.postLogoutRedirectURL != "" {
		q.Set("post_logout_redirect_uri", p.postLogoutRedirectURL)
	}
	if state != "" {
		q.Set("state", state)
	}
	return p.endSessionURL + "?" + q.Encode()
}

// validate reports everything that is wrong with o, by field, without values.
func (o Options) validate() error {
	var problems []error
	complain := func(bad bool, text string) {
		if bad {
			problems = append(problems, errors.New(text))
		}
	}
	_, known := maxAuthAge[o.Name]
	complain(!known, "name is neither franceconnect nor psc")
	complain(!isHTTPS(o.Issuer), "issuer is not an https address")
	complain(!isHTTPS(o.RedirectURL), "redirect URL is not an https address")
	complain(o.Discovery != "" && !isHTTPS(o.Discovery), "discovery is not an https address")
	for field, value := range map[string]string{
		"authorization URL": o.AuthorizationURL, "token URL": o.TokenURL, "userinfo URL": o.UserinfoURL, "JWKS URL": o.JWKSURL,
	} {
		discovered := value == "" && o.Discovery != ""
		complain(!discovered && !isHTTPS(value), field+" is not an https address")
	}
	complain(o.EndSessionURL != "" && !isHTTPS(o.EndSessionURL), "end session URL is not an https address")
	complain(o.PostLogoutRedirectURL != "" && !isHTTPS(o.PostLogoutRedirectURL), "post-logout redirect URL is not an https address")
	complain(o.ClientID == "", "client ID is empty")
	methods := []string{ClientSecretPost, ClientSecretBasic, PrivateKeyJWT, TLSClientAuth}
	complain(!slices.Contains(methods, o.ClientAuth), "client authentication is not a method of ours")
	complain(hasSecret(o.ClientAuth) && o.ClientSecret == "", "client secret is empty")
	complain(!hasSecret(o.ClientAuth) && o.ClientSecret != "", "client secret is given to a method that shows none")
	complain(o.Encryption != "" && !isEncryption(o.Encryption), "encryption is not RSA-OAEP-256 or ECDH-ES")
	opens, signs := o.hasKeys()
	complain(o.Encryption != "" && !opens, "encryption is agreed, and there is no key to open with")
	complain(o.ClientAuth == PrivateKeyJWT && !signs, "private_key_jwt is agreed, and there is no key to sign with")
	complain(o.MaxAuthAge < 0 || o.MaxAuthAge > maxAuthAge[ProSanteConnect], "greatest age of a sign-in is not within four hours")
	for _, role := range o.Roles {
		complain(!role.IsClinician(), "a profession's role is not a clinician's")
	}
	complain(levels[o.ACR] == 0, "acr is not eidas1, eidas2 or eidas3")
	complain(!slices.Contains(o.Scopes, oidc.ScopeOpenID), "scopes lack openid")
	complain(len(o.Algorithms) == 0, "algorithms are empty")
	for _, a := range o.Algorithms {
		complain(!slices.Contains(algorithms, a), "an algorithm is not allowed")
	}
	return errors.Join(problems...)
}

// hasKeys reports what our keys are good for.
func (o Options) hasKeys() (opens, signs bool) {
	if o.Keys == nil {
		return false, false
	}
	keys, err := o.Keys()
	return err == nil && len(keys.opening) > 0, err == nil && len(keys.signing) > 0
}

// signatures are the agreed algorithms as the library has them.
func signatures(names []string) []jose.SignatureAlgorithm {
	algorithms := make([]jose.SignatureAlgorithm, len(names))
	for i, name := range names {
		algorithms[i] = jose.SignatureAlgorithm(name)
	}
	return algorithms
}

// isHTTPS reports whether raw is an absolute https address that parameters can
// be added to.
func isHTTPS(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}
