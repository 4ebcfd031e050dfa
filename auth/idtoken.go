package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// clockSkew is how far the provider's clock may be from ours.
const clockSkew = time.Minute

// maxSubject is the length that OpenID Connect Core section 2 allows.
const maxSubject = 255

// identity is what a verified ID token says.
type identity struct {
	signed   string // the token, without its encryption
	subject  string
	nonce    string
	issued   time.Time
	acr      string
	amr      []string
	authTime time.Time
}

// checkIDToken verifies the ID token and everything in it that go-oidc leaves
// to its caller.
func (p *Provider) checkIDToken(ctx context.Context, at endpoints, tokens *oauth2.Token, t attempt) (identity, *Refusal) {
	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return identity{}, refuse(ReasonIDToken, "no ID token")
	}
	signed, refusal := p.decrypt(raw, "ID token")
	if refusal != nil {
		return identity{}, refusal
	}
	token, refusal := p.verify(ctx, at, signed, ReasonIDToken, "ID token")
	if refusal != nil {
		return identity{}, refusal
	}
	var claims struct {
		ACR             string   `json:"acr"`
		AMR             []string `json:"amr"`
		AuthTime        int64    `json:"auth_time"`
		AuthorizedParty string   `json:"azp"`
	}
	if err := token.Claims(&claims); err != nil {
		return identity{}, refuse(ReasonIDToken, "ID token claims are malformed")
	}
	authTime := time.Unix(claims.AuthTime, 0).UTC()
	if !equal(token.Nonce, t.Nonce) {
		return identity{}, refuse(ReasonNonce, "nonce is not the attempt's")
	}
	if levels[claims.ACR] < levels[p.acr] { // an unknown level is below all (GA2.c)
		return identity{}, refuse(ReasonACR, "level is below the one asked for")
	}
	if p.amr && len(claims.AMR) == 0 {
		return identity{}, refuse(ReasonACR, "methods of signing in were asked for and are not told")
	}
	if refusal := p.checkTimes(token.IssuedAt, authTime); refusal != nil {
		return identity{}, refusal
	}
	if !p.isForUs(token) || (claims.AuthorizedParty != "" && claims.AuthorizedParty != p.clientID) {
		return identity{}, refuse(ReasonAudience, "ID token is not for us alone")
	}
	// FranceConnect gives no at_hash; where there is one it must agree.
	if token.AccessTokenHash != "" && token.VerifyAccessToken(tokens.AccessToken) != nil {
		return identity{}, refuse(ReasonIDToken, "ID token belongs to another access token")
	}
	if !isSubject(token.Subject) {
		return identity{}, refuse(ReasonSubject, "ID token has no usable subject")
	}
	return identity{signed: signed, subject: token.Subject, nonce: token.Nonce, issued: token.IssuedAt.UTC(), acr: claims.ACR, amr: claims.AMR, authTime: authTime}, nil
}

// verifyWith is verify as of the time that config tells.
func (p *Provider) verifyWith(ctx context.Context, config *oidc.Config, at endpoints, signed string, reason Reason, what string) (*oidc.IDToken, *Refusal) {
	h, ok := readHeader(signed, 3)
	if !ok || h.has("crit") {
		return nil, refuse(reason, what+" is not a compact signed token")
	}
	if !slices.Contains(config.SupportedSigningAlgs, h.text("alg")) {
		return nil, refuse(ReasonAlgorithm, what+" is signed with an algorithm that was not agreed")
	}
	keys := &observedKeys{keySet: p.keys, address: at.jwks}
	token, err := oidc.NewVerifier(p.issuer, keys, config).Verify(ctx, signed)
	if err != nil {
		return nil, refuseVerification(err, keys.err, reason, what)
	}
	if token.Issuer != p.issuer {
		return nil, refuse(ReasonTokenIssuer, what+" is another provider's")
	}
	return token, nil
}

// refuseVerification tells the causes apart, so that an unreachable provider
// does not look like a forged token.
func refuseVerification(err, keysErr error, reason Reason, what string) *Refusal {
	switch {
	case errors.Is(keysErr, errUnknownKey):
		return refuse(ReasonUnknownKey, what+" is signed by a key that the provider does not publish")
	case errors.Is(keysErr, errSignature):
		return refuse(ReasonSignature, what+" is not signed by the provider")
	case keysErr != nil:
		return refuseCall(ReasonKeys, keysErr, "fetch keys")
	}
	if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
		return refuse(ReasonExpired, what+" has expired")
	}
	return refuse(reason, what+" is malformed")
}

// observedKeys keeps the cause that the verifier drops.
type observedKeys struct {
	*keySet
	address string
	err     error
}

// VerifySignature implements [oidc.KeySet].
func (k *observedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.verify(ctx, k.address, jwt)
	k.err = err
	return payload, err
}

// checkTimes wants a token issued now, of a person who signed in recently.
func (p *Provider) checkTimes(issued, authenticated time.Time) *Refusal {
	now := p.now()
	if issued.Before(now.Add(-clockSkew)) || issued.After(now.Add(clockSkew)) {
		return refuse(ReasonTime, "ID token was not issued now")
	}
	if authenticated.Before(now.Add(-p.maxAuthAge)) || authenticated.After(now.Add(clockSkew)) {
		return refuse(ReasonTime, "the person did not sign in recently")
	}
	return nil
}

// isForUs reports whether token has one audience, us.
func (p *Provider) isForUs(token *oidc.IDToken) bool {
	return len(token.Audience) == 1 && token.Audience[0] == p.clientID
}

// isSubject reports whether s can key an account.
func isSubject(s string) bool {
	if s == "" || len(s) > maxSubject {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
