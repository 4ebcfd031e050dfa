package main

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"
)

// endSession serves the relying party's sign-out. There is no session here to
// end: what counts is that the request is sound and the person gets back.
func (p *provider) endSession(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		p.refuse(w, r, nil, &pageError{"Y000400", "la demande est illisible"})
		return
	}
	c, ok := p.clientOf(q.Get("id_token_hint"))
	if !ok {
		p.refuse(w, r, nil, &pageError{"Y000400", "le jeton d’identité manque ou n’est pas valide"})
		return
	}
	if !q.Has("post_logout_redirect_uri") {
		p.writeSignedOut(w)
		return
	}
	if q.Get("post_logout_redirect_uri") != c.PostLogoutRedirectURI || c.PostLogoutRedirectURI == "" {
		p.refuse(w, r, nil, &pageError{"Y04C013C", "l’adresse de retour n’est pas déclarée"})
		return
	}
	answer := url.Values{}
	if state := q.Get("state"); state != "" {
		answer.Set("state", state)
	}
	to := c.PostLogoutRedirectURI
	if len(answer) > 0 {
		to = withQuery(to, answer)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// clientOf returns the client that an ID token of ours was for, expired or not.
func (p *provider) clientOf(idToken string) (*client, bool) {
	jws, err := jose.ParseSignedCompact(idToken, []jose.SignatureAlgorithm{p.profile.algorithm})
	if err != nil {
		return nil, false
	}
	payload, ok := p.mischief.verify(jws)
	if !ok {
		return nil, false
	}
	var id struct {
		Audience string `json:"aud"`
		AuthTime int64  `json:"auth_time"` // userinfo, signed by the same key, has none
	}
	if err := json.Unmarshal(payload, &id); err != nil || id.AuthTime == 0 {
		return nil, false
	}
	c, ok := p.clients[id.Audience]
	return c, ok
}
