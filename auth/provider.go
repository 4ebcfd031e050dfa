package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// The two providers.
const (
	FranceConnect   = "franceconnect"
	ProSanteConnect = "psc"
)

// Options describe one provider. Endpoints are given, not discovered: neither
// provider's discovery can be counted on.
type Options struct {
	Name                  string // FranceConnect or ProSanteConnect
	Label                 string // as people know it
	Issuer                string
	AuthorizationURL      string
	TokenURL              string
	UserinfoURL           string
	JWKSURL               string
	EndSessionURL         string // empty: no sign-out at the provider
	ClientID              string
	ClientSecret          string
	RedirectURL           string
	PostLogoutRedirectURL string
	ACR                   string   // asked for, and the least that is accepted
	Scopes                []string // openid among them
	Algorithms            []string // of signatures; anything else is refused
	PKCE                  bool     // off for FranceConnect, which refuses unknown parameters
	SignedUserinfo        bool     // application/jwt, as FranceConnect sends it

	Transport http.RoundTripper // carries the trusted CA; nil means the system's
	Now       func() time.Time  // nil means time.Now
	Timeout   time.Duration     // of one call to the provider; 0 means 10 seconds
}

// Provider is one OpenID provider as its relying party sees it. It is safe for
// concurrent use.
type Provider struct {
	name, label           string
	issuer, clientID      string
	userinfoURL           string
	endSessionURL         string
	postLogoutRedirectURL string
	acr                   string
	pkce, signedUserinfo  bool
	maxAuthAge            time.Duration
	parse                 func(userinfo []byte, now time.Time) (person, *Refusal)

	oauth    oauth2.Config
	client   *http.Client
	keys     oidc.KeySet
	verifier oidc.Config
	now      func() time.Time
}

// levels orders the eIDAS levels; what is not here is not accepted.
var levels = map[string]int{"eidas1": 1, "eidas2": 2, "eidas3": 3}

// algorithms are the signatures that may be agreed with a provider (GC1.a).
// Those with a shared secret, and none at all, are not among them.
var algorithms = []string{oidc.ES256, oidc.ES384, oidc.PS256, oidc.RS256}

// maxAuthAge is how long ago the person may have signed in at the provider.
// FranceConnect always asks again, within its interaction of 30 minutes; a
// session of Pro Santé Connect lasts four hours at most.
var maxAuthAge = map[string]time.Duration{FranceConnect: 30 * time.Minute, ProSanteConnect: 4 * time.Hour}

// NewProvider checks o and returns the provider it describes. It makes no call.
func NewProvider(o Options) (*Provider, error) {
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
	client := newClient(o.Transport, o.Timeout)
	parse := parseCivil
	if o.Name == ProSanteConnect {
		parse = parseProfessional
	}
	return &Provider{
		name: o.Name, label: o.Label,
		issuer: o.Issuer, clientID: o.ClientID,
		userinfoURL:   o.UserinfoURL,
		endSessionURL: o.EndSessionURL, postLogoutRedirectURL: o.PostLogoutRedirectURL,
		acr: o.ACR, pkce: o.PKCE, signedUserinfo: o.SignedUserinfo,
		maxAuthAge: maxAuthAge[o.Name],
		parse:      parse,
		oauth: oauth2.Config{
			ClientID: o.ClientID, ClientSecret: o.ClientSecret,
			RedirectURL: o.RedirectURL, Scopes: o.Scopes,
			// Fixed: finding out costs a failed call, and maybe the code.
			Endpoint: oauth2.Endpoint{AuthURL: o.AuthorizationURL, TokenURL: o.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
		},
		client: client,
		// Keys are kept, and fetched again when a token names an unknown one.
		keys: oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), client), o.JWKSURL),
		verifier: oidc.Config{
			SupportedSigningAlgs: slices.Clone(o.Algorithms),
			Now:                  o.Now,
			SkipClientIDCheck:    true, // checkAudience is stricter: us, and nobody else
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
	for field, value := range map[string]string{
		"issuer": o.Issuer, "authorization URL": o.AuthorizationURL, "token URL": o.TokenURL,
		"userinfo URL": o.UserinfoURL, "JWKS URL": o.JWKSURL, "redirect URL": o.RedirectURL,
	} {
		complain(!isHTTPS(value), field+" is not an https address")
	}
	complain(o.EndSessionURL != "" && !isHTTPS(o.EndSessionURL), "end session URL is not an https address")
	complain(o.PostLogoutRedirectURL != "" && !isHTTPS(o.PostLogoutRedirectURL), "post-logout redirect URL is not an https address")
	complain(o.ClientID == "", "client ID is empty")
	complain(o.ClientSecret == "", "client secret is empty")
	complain(levels[o.ACR] == 0, "acr is not eidas1, eidas2 or eidas3")
	complain(!slices.Contains(o.Scopes, oidc.ScopeOpenID), "scopes lack openid")
	complain(len(o.Algorithms) == 0, "algorithms are empty")
	for _, a := range o.Algorithms {
		complain(!slices.Contains(algorithms, a), "an algorithm is not allowed")
	}
	return errors.Join(problems...)
}

// isHTTPS reports whether raw is an absolute https address that parameters can
// be added to.
func isHTTPS(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}
