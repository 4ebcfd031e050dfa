package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"guichet/auth/mischief"
)

// exchange serves POST /token.
func (p *provider) exchange(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.refuseToken(w, http.StatusBadRequest, "invalid_request", "the body is malformed")
		return
	}
	if g, ok := p.codes.get(r.PostForm.Get("code")); ok && g.fault.Token != nil && !mischief.IsFollowed(r) {
		g.fault.Token(w, r)
		return
	}
	c, ok := p.authenticate(r)
	if !ok {
		if p.profile.takesBasic {
			w.Header().Set("WWW-Authenticate", "Basic")
		}
		p.refuseToken(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		p.refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", "only authorization_code is supported")
		return
	}
	g, ok := p.codes.take(r.PostForm.Get("code"))
	if !ok || g.clientID != c.ClientID || g.redirectURI != r.PostForm.Get("redirect_uri") || !g.isVerifier(r.PostForm.Get("code_verifier")) {
		p.refuseToken(w, http.StatusBadRequest, "invalid_grant", "grant request is invalid (Y049E20B)")
		return
	}
	accessToken, ok := p.tokens.put(g)
	if !ok {
		p.refuseToken(w, http.StatusServiceUnavailable, "temporarily_unavailable", "too many sign-ins")
		return
	}
	idToken, err := p.wrap(r.Context(), p.idToken(g, accessToken), c, g.fault.Signature, g.fault.Encryption)
	if err != nil {
		p.log.Error("cannot make ID token", "error", err)
		p.refuseToken(w, http.StatusInternalServerError, "server_error", "cannot make ID token")
		return
	}
	answer := claims{
		"access_token": accessToken, "expires_in": int(p.profile.tokenLife.Seconds()), "id_token": idToken,
		"scope": strings.Join(g.scopes, " "), "token_type": "Bearer",
	}
	if g.fault.Tokens != nil {
		g.fault.Tokens(answer)
	}
	writeJSON(w, http.StatusOK, answer)
}

// authenticate returns the client that sent r.
func (p *provider) authenticate(r *http.Request) (*client, bool) {
	if r.PostForm.Has("client_assertion") {
		return p.authenticateAssertion(r)
	}
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if r.Header.Get("Authorization") != "" {
		basicID, basicSecret, ok := r.BasicAuth()
		if !ok || !p.profile.takesBasic || secret != "" || (id != "" && id != basicID) {
			return nil, false
		}
		// RFC 6749 section 2.3.1: both are form-encoded first.
		var errID, errSecret error
		id, errID = url.QueryUnescape(basicID)
		secret, errSecret = url.QueryUnescape(basicSecret)
		if errID != nil || errSecret != nil {
			return nil, false
		}
	}
	c, ok := p.clients[id]
	return c, ok && c.ClientAuth != privateKeyJWT && c.isSecret(secret)
}

// isVerifier reports whether v answers the challenge (RFC 7636 section 4.6); a
// verifier without a challenge answers nothing.
func (g grant) isVerifier(v string) bool {
	if g.challenge == "" {
		return v == ""
	}
	sum := sha256.Sum256([]byte(v))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(g.challenge)) == 1
}

func (p *provider) idToken(g grant, accessToken string) claims {
	now := p.now()
	id := claims{
		"iss": p.issuer, "sub": p.dialect.subject(g.person, g.clientID), "aud": g.clientID, "acr": g.level,
		"iat": now.Unix(), "exp": now.Add(p.profile.tokenLife).Unix(), "auth_time": g.signedIn.Unix(),
	}
	if g.nonce != "" {
		id["nonce"] = g.nonce
	}
	p.dialect.describe(id, g, accessToken)
	if g.fault.IDToken != nil {
		g.fault.IDToken(id)
	}
	return id
}

func (p *provider) refuseToken(w http.ResponseWriter, status int, code, text string) {
	p.log.Info("token refused", "error", code)
	writeJSON(w, status, claims{"error": code, "error_description": text, "error_uri": p.issuer + "/"})
}
