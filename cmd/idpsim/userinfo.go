package main

import (
	"net/http"
	"strings"
)

// showUserinfo serves /userinfo to whoever holds an access token.
func (p *provider) showUserinfo(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, known := p.tokens.get(token)
	if !ok || !known {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, claims{"error": "invalid_token", "error_description": "access token is unknown or has expired"})
		return
	}
	userinfo := p.dialect.userinfo(g.person, g.scopes)
	userinfo["sub"] = p.dialect.subject(g.person, g.clientID)
	if !p.profile.signsUserinfo {
		writeJSON(w, http.StatusOK, userinfo)
		return
	}
	now := p.now()
	userinfo["iss"], userinfo["aud"] = p.issuer, g.clientID
	userinfo["iat"], userinfo["exp"] = now.Unix(), now.Add(p.profile.tokenLife).Unix()
	signed, err := p.sign(userinfo)
	if err != nil {
		p.log.Error("cannot sign", "error", err)
		writeJSON(w, http.StatusInternalServerError, claims{"error": "server_error"})
		return
	}
	w.Header().Set("Content-Type", "application/jwt; charset=utf-8")
	_, _ = w.Write([]byte(signed)) // a client that has gone needs no answer
}
