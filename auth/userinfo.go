package auth

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
)

// fetchUserinfo returns the claims that the provider holds about subject.
func (p *Provider) fetchUserinfo(ctx context.Context, at endpoints, accessToken, subject string) ([]byte, *Refusal) {
	body, mediaType, refusal := p.getUserinfo(ctx, at.userinfo, accessToken)
	if refusal != nil {
		return nil, refusal
	}
	claims := body
	if p.signedUserinfo {
		// Never plain JSON where a signature was agreed: go-oidc would take it.
		if mediaType != "application/jwt" {
			return nil, refuse(ReasonUserinfo, "userinfo is not signed")
		}
		if claims, refusal = p.openUserinfo(ctx, at, string(body)); refusal != nil {
			return nil, refusal
		}
	} else if mediaType != "application/json" {
		return nil, refuse(ReasonUserinfo, "userinfo is not JSON")
	}
	var about struct {
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal(claims, &about); err != nil {
		return nil, refuse(ReasonUserinfo, "userinfo is malformed")
	}
	// OpenID Connect Core 5.3.2: the access token may have been another's.
	if !equal(about.Subject, subject) {
		return nil, refuse(ReasonSubject, "userinfo is about another subject")
	}
	return claims, nil
}

func (p *Provider) getUserinfo(ctx context.Context, address, accessToken string) (body []byte, mediaType string, refusal *Refusal) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", refuse(ReasonUserinfo, "make userinfo request")
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	resp, err := p.client.Do(r)
	if err != nil {
		return nil, "", refuseCall(ReasonUserinfo, err, "fetch userinfo")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, "", refuse(ReasonUserinfo, "provider refuses userinfo")
	}
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		return nil, "", refuseCall(ReasonUserinfo, err, "read userinfo")
	}
	mediaType, _, err = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, "", refuse(ReasonUserinfo, "userinfo has no media type")
	}
	return body, mediaType, nil
}

// openUserinfo opens and verifies a signed userinfo as strictly as an ID token:
// the same encryption, keys, issuer and audience, and not expired.
func (p *Provider) openUserinfo(ctx context.Context, at endpoints, raw string) ([]byte, *Refusal) {
	signed, refusal := p.decrypt(raw, "userinfo")
	if refusal != nil {
		return nil, refusal
	}
	token, refusal := p.verify(ctx, at, signed, ReasonUserinfo, "userinfo")
	if refusal != nil {
		return nil, refusal
	}
	if !p.isForUs(token) {
		return nil, refuse(ReasonAudience, "userinfo is not for us alone")
	}
	var claims json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return nil, refuse(ReasonUserinfo, "userinfo is malformed")
	}
	return claims, nil
}
