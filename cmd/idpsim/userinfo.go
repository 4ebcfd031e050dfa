package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"guichet/auth/mischief"
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
	if g.fault.Userinfo != nil && !mischief.IsFollowed(r) {
		g.fault.Userinfo(w, r)
		return
	}
	userinfo := p.dialect.userinfo(g.person, g.scopes)
	userinfo["sub"] = p.dialect.subject(g.person, g.clientID)
	if p.profile.signsUserinfo {
		now := p.now()
		userinfo["iss"], userinfo["aud"] = p.issuer, g.clientID
		userinfo["iat"], userinfo["exp"] = now.Unix(), now.Add(p.profile.tokenLife).Unix()
	}
	if g.fault.UserinfoClaims != nil {
		g.fault.UserinfoClaims(userinfo)
	}
	if !p.profile.signsUserinfo || g.fault.UserinfoPlain {
		writeTyped(w, cmp.Or(g.fault.UserinfoType, "application/json; charset=utf-8"), userinfo)
		return
	}
	token, err := p.wrap(r.Context(), userinfo, p.clients[g.clientID], g.fault.UserinfoSignature, g.fault.UserinfoEncryption)
	if err != nil {
		p.log.Error("cannot make userinfo", "error", err)
		writeJSON(w, http.StatusInternalServerError, claims{"error": "server_error"})
		return
	}
	w.Header().Set("Content-Type", cmp.Or(g.fault.UserinfoType, "application/jwt; charset=utf-8"))
	_, _ = w.Write([]byte(token)) // a client that has gone needs no answer
}

// writeTyped writes claims under a media type.
func writeTyped(w http.ResponseWriter, mediaType string, c claims) {
	body, err := json.Marshal(c)
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, claims{"error": "server_error"})
		return
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(body) // a client that has gone needs no answer
}
