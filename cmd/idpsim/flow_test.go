package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFranceConnectFlow(t *testing.T) {
	b := newBench(t)
	back := b.signIn("franceconnect", "angela")
	if back.Get("state") != strings.Repeat("s", 43) || back.Get("iss") != b.base+"/franceconnect" {
		t.Errorf("got callback %v", back)
	}
	got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", back.Get("code")))
	if got.TokenType != "Bearer" || got.ExpiresIn != 60 || got.Scope != "openid identite_pivot" {
		t.Errorf("got tokens %+v", got)
	}

	id := b.open("franceconnect", got.IDToken)
	sub, _ := id["sub"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{64}v1$`).MatchString(sub) {
		t.Errorf("got sub %q", sub)
	}
	now := float64(b.now.Unix())
	want := claims{
		"iss": b.base + "/franceconnect", "sub": sub, "aud": clientID, "acr": "eidas1", "nonce": strings.Repeat("n", 43),
		"iat": now, "exp": now + 60, "auth_time": now,
	}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}

	a := b.userinfo("franceconnect", got.AccessToken)
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/jwt; charset=utf-8" {
		t.Errorf("got userinfo status %d, type %q", a.status, a.header.Get("Content-Type"))
	}
	want = claims{
		"iss": b.base + "/franceconnect", "sub": sub, "aud": clientID, "iat": now, "exp": now + 60,
		"given_name": "Angela Claire", "given_name_array": []any{"Angela", "Claire"}, "family_name": "DUBOIS",
		"birthdate": "1962-08-24", "gender": "female", "birthplace": "75107", "birthcountry": "99100",
	}
	if diff := cmp.Diff(want, b.open("franceconnect", a.body)); diff != "" {
		t.Errorf("userinfo (-want +got):\n%s", diff)
	}
	if strings.Contains(b.log.String(), "DUBOIS") || strings.Contains(b.log.String(), "angela") {
		t.Error("the log holds who signed in")
	}
}

func TestProSanteConnectFlow(t *testing.T) {
	b := newBench(t)
	back := b.signIn("psc", "camille")
	if back.Get("state") != strings.Repeat("s", 43) || back.Has("iss") {
		t.Errorf("got callback %v", back)
	}
	got, _ := b.exchange("psc", tokenRequest("psc", back.Get("code")))
	id := b.open("psc", got.IDToken)
	sub, _ := id["sub"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(sub) {
		t.Errorf("got sub %q", sub)
	}
	hash := sha256.Sum256([]byte(got.AccessToken))
	now := float64(b.now.Unix())
	want := claims{
		"iss": b.base + "/psc", "sub": sub, "aud": clientID, "azp": clientID, "acr": "eidas1", "nonce": strings.Repeat("n", 43), "authMode": "CARD",
		"iat": now, "exp": now + 120, "auth_time": now, "at_hash": base64.RawURLEncoding.EncodeToString(hash[:16]),
	}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}

	a := b.userinfo("psc", got.AccessToken)
	var userinfo struct {
		Sub, SubjectNameID string
		GivenName          string `json:"given_name"`
		FamilyName         string `json:"family_name"`
		SubjectRole        []string
		SubjectRefPro      struct {
			Exercices []struct{ CodeProfession, CodeCategorieProfessionnelle, NomDexercice string }
		}
	}
	if err := json.Unmarshal([]byte(a.body), &userinfo); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || userinfo.Sub != sub || userinfo.SubjectNameID != "899700218896" ||
		userinfo.GivenName != "Camille" || userinfo.FamilyName != "MOREAU" || !slices.Equal(userinfo.SubjectRole, []string{"10^1.2.250.1.213.1.1.5.5"}) ||
		len(userinfo.SubjectRefPro.Exercices) != 1 || userinfo.SubjectRefPro.Exercices[0].CodeProfession != "10" {
		t.Errorf("got userinfo %s", a.body)
	}
}

func TestSubjectsAreStableAndPairwise(t *testing.T) {
	someone, other := people()[0], people()[1]
	for _, d := range []dialect{franceConnect{}, proSanteConnect{}} {
		first, again := d.subject(someone, "a"), d.subject(someone, "a")
		if first != again || first == d.subject(other, "a") {
			t.Errorf("%s: subjects do not name people", d.profile().name)
		}
	}
	if (franceConnect{}).subject(someone, "a") == (franceConnect{}).subject(someone, "b") {
		t.Error("two clients see the same subject")
	}
}

func TestScopesLimitClaims(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		scope, login string
		want         []string
	}{
		{"openid", "angela", nil},
		{"openid birth", "angela", []string{"birthcountry", "birthplace"}},
		{"openid family_name given_name", "angela", []string{"family_name", "given_name", "given_name_array"}},
		{"openid profile", "angela", []string{"birthdate", "family_name", "gender", "given_name", "given_name_array", "preferred_username"}},
		{"openid profile", "abroad", []string{"birthdate", "family_name", "gender", "given_name", "given_name_array"}},
	}
	for _, test := range tests {
		code := b.signIn("franceconnect", test.login, "scope", test.scope).Get("code")
		got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", code))
		userinfo := b.open("franceconnect", b.userinfo("franceconnect", got.AccessToken).body)
		var names []string
		for name := range userinfo {
			if !slices.Contains([]string{"iss", "sub", "aud", "iat", "exp"}, name) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if !slices.Equal(names, test.want) {
			t.Errorf("%s of %s: got %v, want %v", test.scope, test.login, names, test.want)
		}
	}
}

func TestBornAbroadHasNoMunicipality(t *testing.T) {
	b := newBench(t)
	got, _ := b.exchange("franceconnect", tokenRequest("franceconnect", b.signIn("franceconnect", "abroad").Get("code")))
	userinfo := b.open("franceconnect", b.userinfo("franceconnect", got.AccessToken).body)
	if userinfo["birthplace"] != "" || userinfo["birthcountry"] != "99127" {
		t.Errorf("got birthplace %q, birthcountry %q", userinfo["birthplace"], userinfo["birthcountry"])
	}
}

func TestSignInPage(t *testing.T) {
	b := newBench(t)
	page := b.get("/franceconnect/authorize", request("franceconnect"))
	f := b.readForm(page)
	if !slices.Equal(f.logins, []string{"angela", "abroad"}) {
		t.Errorf("got people %v", f.logins)
	}
	for _, want := range []string{`lang="fr"`, "Fournisseur d’identité fictif – démonstration", "Angela &#34;la &lt;b&gt;douce&lt;/b&gt;&#34; &amp; Cie", `for="login"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, refused := range []string{"<script", "<style", "style=", "onclick", "<b>"} {
		if strings.Contains(page.body, refused) {
			t.Errorf("the page holds %s", refused)
		}
	}
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self' https://portal.test") || strings.Contains(policy, "unsafe") {
		t.Errorf("got policy %s", policy)
	}
	if page.header.Get("Cache-Control") != "no-store" || page.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got headers %v", page.header)
	}
	if a := b.get("/style.css", nil); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: got status %d, type %s", a.status, a.header.Get("Content-Type"))
	}
	if a := b.get("/", nil); a.status != http.StatusOK || !strings.Contains(a.body, "imités") {
		t.Errorf("index: got status %d", a.status)
	}
}

func TestHiddenFieldsAreEscapedAndFew(t *testing.T) {
	b := newBench(t)
	nasty := `"><script>alert(1)</script>` + strings.Repeat("n", 30)
	page := b.get("/psc/authorize", request("psc", "nonce", nasty, "login", "somebody", "unknown", "x"))
	if strings.Contains(page.body, "<script") {
		t.Error("a parameter became markup")
	}
	f := b.readForm(page)
	if f.fields.Has("login") || f.fields.Has("unknown") {
		t.Errorf("the form carries parameters that mean nothing: %v", f.fields)
	}
}

func TestGivingUp(t *testing.T) {
	b := newBench(t)
	for _, provider := range []string{"franceconnect", "psc"} {
		page := b.get("/"+provider+"/authorize", request(provider))
		link := regexp.MustCompile(`<a href="([^"]*)">Renoncer`).FindStringSubmatch(page.body)
		if link == nil {
			t.Fatalf("%s: no way to give up", provider)
		}
		to, err := url.Parse(strings.ReplaceAll(link[1], "&amp;", "&"))
		if err != nil {
			t.Fatal(err)
		}
		back := b.callback(provider, b.get(to.Path, to.Query()))
		if back.Get("error") != "access_denied" || back.Get("state") != strings.Repeat("s", 43) || back.Has("code") {
			t.Errorf("%s: got callback %v", provider, back)
		}
	}
}

func TestDiscovery(t *testing.T) {
	b := newBench(t)
	for _, provider := range []string{"franceconnect", "psc"} {
		var got map[string]any
		if err := json.Unmarshal([]byte(b.get("/"+provider+"/.well-known/openid-configuration", nil).body), &got); err != nil {
			t.Fatal(err)
		}
		if got["issuer"] != b.base+"/"+provider {
			t.Errorf("%s: got issuer %v", provider, got["issuer"])
		}
		for _, endpoint := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"} {
			address, _ := got[endpoint].(string)
			a := b.get(strings.TrimPrefix(address, b.base), nil)
			if !strings.HasPrefix(address, b.base+"/"+provider+"/") || a.status == http.StatusNotFound {
				t.Errorf("%s: %s %q answers %d", provider, endpoint, address, a.status)
			}
		}
	}
}

// TestMailIsAskedFor by its scope, and told to nobody else.
func TestMailIsAskedFor(t *testing.T) {
	angela := people()[0]
	if got := (franceConnect{}).userinfo(angela, []string{"openid", "email"}); got["email"] != "angela@courriel.test" || len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if got := (franceConnect{}).userinfo(angela, []string{"openid", "profile", "identite_pivot"}); got["email"] != nil {
		t.Errorf("without the scope: got %v", got)
	}
	if !slices.Contains((franceConnect{}).profile().scopes, "email") {
		t.Error("the scope is refused")
	}
}
