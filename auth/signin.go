package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"guichet/fault"
	"guichet/record"
)

// Login is a person who has signed in at a provider, all checks passed.
type Login struct {
	Provider   string
	Issuer     string
	Subject    string // FranceConnect: sub; Pro Santé Connect: the national identifier, since its sub has changed form before
	Identity   record.Identity
	Mail       string // to inform them of an incident (GA5.a); empty where the provider gives none
	Role       record.Role
	NationalID string // of a professional: 8 and the RPPS number
	Practices  []record.Practice
	Structures []record.Structure // where the professional works, each once
	IDToken    string             // the signed token, without its encryption: evidence of the sign-in, and needed to sign out at the provider
	Token      Proof              // what it says of itself
	ACR        string
	AMR        []string // by which methods the person signed in; FranceConnect tells where it was asked
	State      string   // to be written down once: an answer does not serve twice (AA10.b)
	ReturnTo   string   // a local path
	AuthTime   time.Time
	Until      time.Time // when the provider's session is over, which ours must not outlive; zero: it has no such rule
}

// Begin starts a sign-in: it leaves the attempt in w and returns where to send
// the browser. Afterwards the person comes back to returnTo, a local path; an
// empty one means the home page.
func (p *Provider) Begin(ctx context.Context, w http.ResponseWriter, a *Attempts, returnTo string) (string, error) {
	if returnTo == "" {
		returnTo = "/"
	}
	if !isLocalPath(returnTo) {
		return "", fault.New(fault.Invalid, errors.New("begin sign-in: not a local path to return to"))
	}
	at, refusal := p.directory.endpoints(ctx)
	if refusal != nil {
		return "", refusal
	}
	t := attempt{Provider: p.name, State: randomToken(), Nonce: randomToken(), ReturnTo: returnTo}
	request := []oauth2.AuthCodeOption{oidc.Nonce(t.Nonce), oauth2.SetAuthURLParam("acr_values", p.acr)}
	if p.amr {
		// The only way to receive amr from FranceConnect, once it has been
		// authorised for the service.
		request = append(request, oauth2.SetAuthURLParam("claims", `{"id_token":{"amr":{"essential":true}}}`))
	}
	if p.pkce {
		t.Verifier = oauth2.GenerateVerifier()
		request = append(request, oauth2.S256ChallengeOption(t.Verifier))
	}
	if err := a.begin(w, t); err != nil {
		return "", err
	}
	return p.oauthAt(at).AuthCodeURL(t.State, request...), nil
}

// Finish takes the provider's answer, which the browser brings in r, and
// returns who signed in, or a [Refusal]. Either way the attempt is over.
func (p *Provider) Finish(ctx context.Context, w http.ResponseWriter, r *http.Request, a *Attempts) (*Login, error) {
	login, refusal := p.finish(ctx, w, r, a)
	if refusal != nil {
		return nil, refusal
	}
	return login, nil
}

func (p *Provider) finish(ctx context.Context, w http.ResponseWriter, r *http.Request, a *Attempts) (*Login, *Refusal) {
	a.clear(w)
	t, refusal := a.open(r, p.name)
	if refusal != nil {
		return nil, refusal
	}
	code, refusal := p.checkCallback(r.URL.RawQuery, t)
	if refusal != nil {
		return nil, refusal
	}
	at, refusal := p.directory.endpoints(ctx)
	if refusal != nil {
		return nil, refusal
	}
	// FranceConnect's code lives 30 seconds and its tokens 60: everything is
	// called here and now, and no access token is kept (AA11).
	tokens, refusal := p.exchange(ctx, at, code, t)
	if refusal != nil {
		return nil, refusal
	}
	id, refusal := p.checkIDToken(ctx, at, tokens, t)
	if refusal != nil {
		return nil, refusal
	}
	userinfo, refusal := p.fetchUserinfo(ctx, at, tokens.AccessToken, id.subject)
	if refusal != nil {
		return nil, refusal
	}
	who, refusal := p.parse(userinfo, p.now())
	if refusal != nil {
		return nil, refusal
	}
	subject := id.subject
	if who.nationalID != "" {
		subject = who.nationalID
	}
	login := &Login{
		Provider: p.name, Issuer: p.issuer, Subject: subject,
		Identity: who.identity, Mail: who.mail, Role: who.role, NationalID: who.nationalID, Practices: who.practices, Structures: who.structures,
		IDToken: id.signed, Token: Proof{Subject: id.subject, Nonce: id.nonce, Issued: id.issued}, ACR: id.acr, AMR: id.amr, State: t.State, ReturnTo: t.ReturnTo, AuthTime: id.authTime,
	}
	if p.name == ProSanteConnect {
		login.Until = id.authTime.Add(p.maxAuthAge)
	}
	return login, nil
}

// oauthAt is the configuration of the code flow at a provider's endpoints.
func (p *Provider) oauthAt(at endpoints) *oauth2.Config {
	c := p.oauth
	c.Endpoint.AuthURL, c.Endpoint.TokenURL = at.authorization, at.token
	return &c
}

// checkCallback returns the code that the provider's answer carries.
func (p *Provider) checkCallback(rawQuery string, t attempt) (string, *Refusal) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", refuse(ReasonState, "answer is malformed")
	}
	if len(q["state"]) != 1 || !equal(q["state"][0], t.State) {
		return "", refuse(ReasonState, "state is not the attempt's") // login CSRF (CNIL-5.4-6)
	}
	// RFC 9207: an answer of another provider, mixed up with this one's.
	if q.Has("iss") && (len(q["iss"]) != 1 || q["iss"][0] != p.issuer) {
		return "", refuse(ReasonIssuer, "issuer parameter is not the provider's")
	}
	if q.Has("error") {
		return "", refuseError(q.Get("error"))
	}
	if len(q["code"]) != 1 || q["code"][0] == "" {
		return "", refuse(ReasonProviderError, "answer holds neither one code nor an error")
	}
	return q["code"][0], nil
}

// refuseError maps the error codes of RFC 6749 section 4.1.2.1. The code itself
// came through the browser and is not repeated.
func refuseError(code string) *Refusal {
	switch code {
	case "access_denied":
		return refuse(ReasonDenied, "the person or the provider gave up")
	case "temporarily_unavailable":
		return refuse(ReasonProviderDown, "provider says it is unavailable")
	default:
		return refuse(ReasonProviderError, "provider reports an error")
	}
}

// exchange trades the code for tokens, once.
func (p *Provider) exchange(ctx context.Context, at endpoints, code string, t attempt) (*oauth2.Token, *Refusal) {
	options, err := p.authenticate(at.token)
	if err != nil {
		return nil, refuse(ReasonExchange, "our own keys cannot be used")
	}
	if t.Verifier != "" {
		options = append(options, oauth2.VerifierOption(t.Verifier))
	}
	tokens, err := p.oauthAt(at).Exchange(oidc.ClientContext(ctx, p.client), code, options...)
	if err != nil {
		return nil, refuseCall(ReasonExchange, err, "exchange code")
	}
	if tokens.Type() != "Bearer" {
		return nil, refuse(ReasonExchange, "access token is not a bearer token")
	}
	return tokens, nil
}
