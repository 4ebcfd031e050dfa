package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAuthorizationRequestsRefusedOnThePage(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		name, provider string
		changes        []string
		want           string
	}{
		{"PKCE", "franceconnect", []string{"code_challenge", challenge, "code_challenge_method", "S256"}, "Y030007"},
		{"login hint", "franceconnect", []string{"login_hint", "angela"}, "Y030007"},
		{"response mode", "franceconnect", []string{"response_mode", "form_post"}, "Y030007"},
		{"no state", "franceconnect", []string{"state", ""}, "Y030007"},
		{"no nonce", "franceconnect", []string{"nonce", ""}, "Y030007"},
		{"short nonce", "franceconnect", []string{"nonce", strings.Repeat("n", 21)}, "Y030007"},
		{"no level", "franceconnect", []string{"acr_values", ""}, "Y030007"},
		{"implicit flow", "franceconnect", []string{"response_type", "id_token"}, "Y030007"},
		{"prompt none", "franceconnect", []string{"prompt", "none"}, "Y030007"},
		{"unknown client", "franceconnect", []string{"client_id", "stranger"}, "Y04EA6EF"},
		{"no client", "psc", []string{"client_id", ""}, "Y04EA6EF"},
		{"address of the other provider", "franceconnect", []string{"redirect_uri", portal + "/callback/psc"}, "Y04C013C"},
		{"address with more", "franceconnect", []string{"redirect_uri", portal + "/callback/franceconnect/"}, "Y04C013C"},
		{"address elsewhere", "psc", []string{"redirect_uri", "https://elsewhere.test/callback/psc"}, "Y04C013C"},
		{"no address", "psc", []string{"redirect_uri", ""}, "Y04C013C"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := request(test.provider, test.changes...)
			form := request(test.provider, append(test.changes, "login", "angela")...)
			for _, a := range []answer{
				b.get("/"+test.provider+"/authorize", q),
				b.get("/"+test.provider+"/give-up", q),
				b.post("/"+test.provider+"/sign-in", form),
			} {
				if a.status != http.StatusBadRequest || !strings.Contains(a.body, test.want) || a.header.Get("Location") != "" {
					t.Errorf("got status %d, location %q, body %s", a.status, a.header.Get("Location"), a.body)
				}
			}
		})
	}
	t.Run("parameter twice", func(t *testing.T) {
		q := request("franceconnect")
		q.Add("state", "another")
		if a := b.get("/franceconnect/authorize", q); a.status != http.StatusBadRequest || !strings.Contains(a.body, "Y000400") {
			t.Errorf("got status %d", a.status)
		}
	})
}

func TestAuthorizationRequestsRefusedInTheCallback(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		name, provider string
		changes        []string
		want           string
	}{
		{"level of FranceConnect+", "franceconnect", []string{"acr_values", "eidas2"}, "invalid_acr"},
		{"unknown scope", "franceconnect", []string{"scope", "openid rnipp_family_name"}, "invalid_scope"},
		{"no openid", "franceconnect", []string{"scope", "identite_pivot"}, "invalid_scope"},
		{"level", "psc", []string{"acr_values", "eidas3"}, "invalid_request"},
		{"no state", "psc", []string{"state", ""}, "invalid_request"},
		{"plain PKCE", "psc", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"PKCE without method", "psc", []string{"code_challenge_method", ""}, "invalid_request"},
		{"PKCE without challenge", "psc", []string{"code_challenge", ""}, "invalid_request"},
		{"short challenge", "psc", []string{"code_challenge", "short"}, "invalid_request"},
		{"implicit flow", "psc", []string{"response_type", "token"}, "unsupported_response_type"},
		{"prompt none", "psc", []string{"prompt", "none"}, "login_required"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			back := b.callback(test.provider, b.get("/"+test.provider+"/authorize", request(test.provider, test.changes...)))
			if back.Get("error") != test.want || back.Has("code") {
				t.Errorf("got callback %v, want error %s", back, test.want)
			}
		})
	}
}

func TestNobodyElseSignsIn(t *testing.T) {
	b := newBench(t)
	for _, login := range []string{"", "nobody", "camille"} { // camille is known to the other provider
		form := request("franceconnect", "login", login)
		if a := b.post("/franceconnect/sign-in", form); a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
			t.Errorf("%q: got status %d", login, a.status)
		}
	}
}

func TestTokenRequestsRefused(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		name, provider string
		changes        []string
		status         int
		want           string
	}{
		{"wrong secret", "franceconnect", []string{"client_secret", "wrong"}, 401, "invalid_client"},
		{"no secret", "franceconnect", []string{"client_secret", ""}, 401, "invalid_client"},
		{"unknown client", "franceconnect", []string{"client_id", "stranger"}, 401, "invalid_client"},
		{"other address", "franceconnect", []string{"redirect_uri", portal + "/callback/psc"}, 400, "invalid_grant"},
		{"no address", "franceconnect", []string{"redirect_uri", ""}, 400, "invalid_grant"},
		{"code of another client", "franceconnect", []string{"client_id", "other"}, 400, "invalid_grant"},
		{"refresh", "franceconnect", []string{"grant_type", "refresh_token"}, 400, "unsupported_grant_type"},
		{"unknown code", "franceconnect", []string{"code", "unknown"}, 400, "invalid_grant"},
		{"verifier nobody asked for", "franceconnect", []string{"code_verifier", verifier}, 400, "invalid_grant"},
		{"no verifier", "psc", []string{"code_verifier", ""}, 400, "invalid_grant"},
		{"wrong verifier", "psc", []string{"code_verifier", strings.Repeat("v", 43)}, 400, "invalid_grant"},
		{"challenge as verifier", "psc", []string{"code_verifier", challenge}, 400, "invalid_grant"},
	}
	login := map[string]string{"franceconnect": "angela", "psc": "camille"}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code := b.signIn(test.provider, login[test.provider]).Get("code")
			got, a := b.exchange(test.provider, tokenRequest(test.provider, code, test.changes...))
			if a.status != test.status || got.Error != test.want || got.AccessToken != "" {
				t.Errorf("got status %d, %+v", a.status, got)
			}
		})
	}
}

func TestCodeServesOnceAndShortly(t *testing.T) {
	b := newBench(t)
	code := b.signIn("franceconnect", "angela").Get("code")
	if got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", code)); got.AccessToken == "" {
		t.Error("a fresh code is refused")
	}
	if got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", code)); got.Error != "invalid_grant" {
		t.Error("a used code is accepted")
	}
	code = b.signIn("franceconnect", "angela").Get("code")
	if got, _ := b.exchange("psc", tokenRequest("psc", code)); got.Error != "invalid_grant" {
		t.Error("a code of the other provider is accepted")
	}
	b.advance(31 * time.Second)
	if got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", code)); got.Error != "invalid_grant" {
		t.Error("an old code is accepted")
	}
}

func TestClientAuthenticationInHeader(t *testing.T) {
	b := newBench(t)
	basic := func(secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":"+url.QueryEscape(secret)))
	}
	withoutSecret := []string{"client_secret", ""}
	code := b.signIn("franceconnect", "angela").Get("code")
	if got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", code, withoutSecret...), "Authorization", basic(clientSecret)); got.Error != "invalid_client" {
		t.Error("FranceConnect takes client_secret_basic")
	}
	if got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", code), "Authorization", basic(clientSecret)); got.Error != "invalid_client" {
		t.Error("two ways to authenticate at once are accepted")
	}
	code = b.signIn("psc", "camille").Get("code")
	if got, _ := b.exchange("psc", tokenRequest("psc", code, withoutSecret...), "Authorization", basic("wrong")); got.Error != "invalid_client" {
		t.Error("a wrong secret is accepted in the header")
	}
	if got, _ := b.exchange("psc", tokenRequest("psc", code, withoutSecret...), "Authorization", basic(clientSecret)); got.AccessToken == "" {
		t.Errorf("Pro Santé Connect refuses client_secret_basic: %+v", got)
	}
}

func TestUserinfoRefused(t *testing.T) {
	b := newBench(t)
	got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", b.signIn("franceconnect", "angela").Get("code")))
	for name, a := range map[string]answer{
		"no token":                    b.get("/franceconnect/userinfo", nil),
		"unknown token":               b.userinfo("franceconnect", "unknown"),
		"ID token":                    b.userinfo("franceconnect", got.IDToken),
		"token of the other provider": b.userinfo("psc", got.AccessToken),
		"token in the address":        b.get("/franceconnect/userinfo", url.Values{"access_token": {got.AccessToken}}),
	} {
		if a.status != http.StatusUnauthorized || strings.Contains(a.body, "DUBOIS") {
			t.Errorf("%s: got status %d", name, a.status)
		}
	}
	b.advance(61 * time.Second)
	if a := b.userinfo("franceconnect", got.AccessToken); a.status != http.StatusUnauthorized {
		t.Errorf("expired token: got status %d", a.status)
	}
}

func TestEndSession(t *testing.T) {
	b := newBench(t)
	fc, _ := b.exchange("franceconnect", tokenRequest("franceconnect", b.signIn("franceconnect", "angela").Get("code")))
	psc, _ := b.exchange("psc", tokenRequest("psc", b.signIn("psc", "camille").Get("code")))
	userinfo := b.userinfo("franceconnect", fc.AccessToken).body
	stranger := newBench(t)
	forged, _ := stranger.exchange("franceconnect", tokenRequest("franceconnect", stranger.signIn("franceconnect", "angela").Get("code")))
	b.advance(time.Hour) // sessions outlive ID tokens
	state := strings.Repeat("s", 43)
	tests := []struct {
		name, path string
		q          url.Values
		status     int
		location   string
	}{
		{"FranceConnect", "/franceconnect/session/end", url.Values{"id_token_hint": {fc.IDToken}, "post_logout_redirect_uri": {portal + "/"}, "state": {state}}, 303, portal + "/?state=" + state},
		{"Pro Santé Connect", "/psc/logout", url.Values{"id_token_hint": {psc.IDToken}, "post_logout_redirect_uri": {portal + "/"}, "state": {state}}, 303, portal + "/?state=" + state},
		{"no state", "/franceconnect/session/end", url.Values{"id_token_hint": {fc.IDToken}, "post_logout_redirect_uri": {portal + "/"}}, 303, portal + "/"},
		{"nowhere to go", "/franceconnect/session/end", url.Values{"id_token_hint": {fc.IDToken}}, 200, ""},
		{"elsewhere", "/franceconnect/session/end", url.Values{"id_token_hint": {fc.IDToken}, "post_logout_redirect_uri": {"https://elsewhere.test/"}}, 400, ""},
		{"address with more", "/franceconnect/session/end", url.Values{"id_token_hint": {fc.IDToken}, "post_logout_redirect_uri": {portal + "/x"}}, 400, ""},
		{"empty address", "/franceconnect/session/end", url.Values{"id_token_hint": {fc.IDToken}, "post_logout_redirect_uri": {""}}, 400, ""},
		{"no hint", "/franceconnect/session/end", url.Values{"post_logout_redirect_uri": {portal + "/"}}, 400, ""},
		{"altered hint", "/franceconnect/session/end", url.Values{"id_token_hint": {"x" + fc.IDToken}, "post_logout_redirect_uri": {portal + "/"}}, 400, ""},
		{"hint of the other provider", "/franceconnect/session/end", url.Values{"id_token_hint": {psc.IDToken}, "post_logout_redirect_uri": {portal + "/"}}, 400, ""},
		{"forged hint", "/franceconnect/session/end", url.Values{"id_token_hint": {forged.IDToken}, "post_logout_redirect_uri": {portal + "/"}}, 400, ""},
		{"userinfo as hint", "/franceconnect/session/end", url.Values{"id_token_hint": {userinfo}, "post_logout_redirect_uri": {portal + "/"}}, 400, ""},
	}
	for _, test := range tests {
		if a := b.get(test.path, test.q); a.status != test.status || a.header.Get("Location") != test.location {
			t.Errorf("%s: got status %d, location %q", test.name, a.status, a.header.Get("Location"))
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	b := newBench(t)
	big := url.Values{"padding": {strings.Repeat("x", 1<<20)}}
	for _, path := range []string{"/franceconnect/sign-in", "/franceconnect/token", "/psc/token"} {
		if a := b.post(path, big); a.status != http.StatusBadRequest {
			t.Errorf("%s: got status %d", path, a.status)
		}
	}
}

func TestExpiringIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	e := newExpiring[int](time.Minute, 2, func() time.Time { return now })
	first, _ := e.put(1)
	e.put(2)
	if _, ok := e.put(3); ok {
		t.Error("a third value found room for two")
	}
	if v, ok := e.get(first); !ok || v != 1 {
		t.Errorf("got %d, %v", v, ok)
	}
	now = now.Add(time.Minute + time.Nanosecond)
	if _, ok := e.get(first); ok {
		t.Error("an expired value is still there")
	}
	key, ok := e.put(3)
	if !ok || len(e.entries) != 1 {
		t.Errorf("got room %v, %d entries", ok, len(e.entries))
	}
	if v, ok := e.take(key); !ok || v != 3 {
		t.Errorf("got %d, %v", v, ok)
	}
	if _, ok := e.take(key); ok {
		t.Error("a value was taken twice")
	}
}
