package auth

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
)

// fetchUserinfo returns the claims that the provider holds about subject.
func (p *Provider) fetchUserinfo(ctx context.Context, accessToken, subject string) ([]byte, *Refusal) {
	body, mediaType, refusal := p.getUserinfo(ctx, accessToken)
	if refusal != nil {
		return nil, refusal
	}
	claims := body
	if p.signedUserinfo {
		// Never plain JSON where a signature was agreed: go-oidc would take it.
		if mediaType != "application/jwt" {
			return nil, refuse(ReasonUserinfo, "userinfo is not signed")
		}
		if claims, refusal = p.openUserinfo(ctx, string(body)); refusal != nil {
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

func (p *Provider) getUserinfo(ctx context.Context, accessToken string) (body []byte, mediaType string, refusal *Refusal) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.userinfoURL, nil)
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

// openUserinfo verifies a signed userinfo as strictly as an ID token: the same
// keys, issuer and audience, and not expired.
func (p *Provider) openUserinfo(ctx context.Context, raw string) ([]byte, *Refusal) {
	token, refusal := p.verify(ctx, raw, ReasonUserinfo, "userinfo")
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
