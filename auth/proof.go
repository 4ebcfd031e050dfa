package auth

import (
	"context"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Proof is what a provider's signed ID token still proves after the sign-in
// that it served.
type Proof struct {
	Subject string
	Nonce   string
	Issued  time.Time
}

// Prove checks that the provider signed idToken for us, whenever that was: what
// it says of its time is for the caller to compare with the sign-in. It returns
// a [Refusal]: of kind fault.Unavailable where the provider's keys cannot be had
// now, so that nothing is known.
func (p *Provider) Prove(ctx context.Context, idToken string) (*Proof, error) {
	at, refusal := p.directory.endpoints(ctx)
	if refusal != nil {
		return nil, refusal
	}
	whenever := p.verifier
	whenever.SkipExpiryCheck = true
	token, refusal := p.verifyWith(ctx, &whenever, at, idToken, ReasonIDToken, "ID token")
	if refusal != nil {
		return nil, refusal
	}
	if !p.isForUs(token) {
		return nil, refuse(ReasonAudience, "ID token is not for us alone")
	}
	return &Proof{Subject: token.Subject, Nonce: token.Nonce, Issued: token.IssuedAt.UTC()}, nil
}

// verify checks the form, signature, expiry and issuer of a signed token, which
// is either the ID token or the userinfo.
func (p *Provider) verify(ctx context.Context, at endpoints, signed string, reason Reason, what string) (*oidc.IDToken, *Refusal) {
	return p.verifyWith(ctx, &p.verifier, at, signed, reason, what)
}
