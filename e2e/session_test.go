package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pages are those that show who is signed in or what is theirs.
var pages = []string{"/", "/reports", "/access-log"}

func TestWhoIsNotSignedInIsSentToTheDoors(t *testing.T) {
	c := suite.demo.client(t)
	if landing := c.get("/"); landing.status != http.StatusOK || !strings.Contains(landing.body, `href="/login/franceconnect"`) {
		t.Errorf("/: status %d, want 200 with the doors", landing.status)
	}
	for _, path := range []string{"/reports", "/access-log", "/reports/" + absent, "/reports/" + absent + "/original.pdf", "/session-ended"} {
		sentTo(t, c.get(path), "/")
	}
	sentTo(t, c.post("/logout", nil), "/")
}

func sentTo(t *testing.T, answer *page, where string) {
	t.Helper()
	if answer.status != http.StatusSeeOther || answer.header.Get("Location") != where {
		t.Errorf("%s: status %d to %q, want 303 to %s", answer.url.Path, answer.status, answer.header.Get("Location"), where)
	}
}

func TestSignOutEndsTheSessionAndSaysSo(t *testing.T) {
	labels := map[string]string{"franceconnect": "FranceConnect+", "psc": "Pro Santé Connect"}
	for _, p := range []person{suite.demo.people(t, "patient")[0], suite.demo.people(t, "physician")[0]} {
		t.Run(p.Provider, func(t *testing.T) {
			c := suite.demo.signedIn(t, p)
			stolen := c.cookies()
			before := suite.demo.traces(t, "sign-out", "granted")
			ended := c.signOut()
			reason := ended.root(t).one(t, with("id", "session-ended")).attribute("data-reason")
			if ended.status != http.StatusOK || reason != "logout" {
				t.Errorf("after sign-out: status %d, reason %q, want 200 and logout", ended.status, reason)
			}
			if want := "Votre session " + labels[p.Provider] + " est fermée aussi."; !strings.Contains(html.UnescapeString(ended.body), want) {
				t.Errorf("the page does not say %q", want)
			}
			if got := suite.demo.traces(t, "sign-out", "granted") - before; got != 1 {
				t.Errorf("%d sign-outs traced, want 1", got)
			}
			if left := c.cookies(); len(left) > 0 {
				t.Errorf("%s was left in the browser", left[0].Name)
			}
			thief := suite.demo.client(t)
			thief.keep(stolen...)
			for _, path := range pages[1:] {
				sentTo(t, thief.get(path), "/session-ended")
			}
			if answer := thief.follow(thief.get("/reports")); strings.Contains(answer.body, p.Traits.Family) || strings.Contains(answer.body, p.Traits.Given) {
				t.Error("the page of an ended session names its owner")
			}
		})
	}
}

func TestAfterSignOutTheBrowserIsSentToTheReason(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	kept := c.cookies()
	c.post("/logout", nil) // and never back from the provider
	c.keep(kept...)
	sentTo(t, c.get("/reports"), "/session-ended")
	ended := c.get("/session-ended")
	if reason := ended.root(t).one(t, with("id", "session-ended")).attribute("data-reason"); reason != "logout" {
		t.Errorf("reason %q, want logout", reason)
	}
	if want := "Pensez à fermer aussi FranceConnect+."; !strings.Contains(html.UnescapeString(ended.body), want) {
		t.Errorf("the page does not say %q", want)
	}
}

func TestAnotherSiteCannotSignOut(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	for name, headers := range map[string]map[string]string{
		"another site":             {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another port":             {"Sec-Fetch-Site": "same-site", "Origin": suite.demo.Ready.URLs.Ops},
		"an old browser":           {"Origin": "https://evil.example"},
		"an origin that is hidden": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.in(t).request(http.MethodPost, "/logout", strings.NewReader(""))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range headers {
				r.Header.Set(name, value)
			}
			if answer := c.in(t).send(r); answer.status != http.StatusForbidden {
				t.Errorf("status %d, want 403", answer.status)
			}
			if answer := c.in(t).get("/reports"); answer.status != http.StatusOK {
				t.Errorf("the session is over: status %d, want 200", answer.status)
			}
		})
	}
	if answer := c.get("/logout"); answer.status != http.StatusNotFound {
		t.Errorf("GET /logout: status %d, want 404", answer.status)
	}
}

func TestCookiesAreForThisSiteAlone(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	c := suite.demo.client(t)
	begun := c.get("/login/" + p.Provider)
	form := c.follow(begun).form(t)
	form.values.Set("login", p.Login)
	back := c.submit(form)
	finished := c.get(back.header.Get("Location"))
	seen := 0
	for _, answer := range []*page{begun, finished, c.get("/"), c.post("/logout", nil)} {
		for _, line := range answer.header.Values("Set-Cookie") {
			seen++
			name, _, _ := strings.Cut(line, "=")
			attributes := strings.Split(line, "; ")
			if !strings.HasPrefix(name, "__Host-guichet") || !strings.HasSuffix(name, "-"+strconv.Itoa(suite.demo.port)) {
				t.Errorf("cookie is named %s", name)
			}
			for _, want := range []string{"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} {
				if !slices.Contains(attributes, want) {
					t.Errorf("%s has no %s", name, want)
				}
			}
			if strings.Contains(line, "Domain=") {
				t.Errorf("%s has a domain", name)
			}
		}
	}
	if seen < 3 {
		t.Errorf("%d cookies were set, want those of the attempt and of the session", seen)
	}
}

func TestSignInMakesTheSessionAnew(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	c := suite.demo.signedIn(t, p)
	first := c.cookies()
	if len(first) != 1 {
		t.Fatalf("%d cookies after sign-in, want the session's", len(first))
	}
	c.signIn(p.Login, p.Provider)
	second := c.cookies()
	if len(second) != 1 || second[0].Value == first[0].Value {
		t.Error("the second sign-in kept the first one's token")
	}
	old := suite.demo.client(t)
	old.keep(first...)
	sentTo(t, old.get("/reports"), "/session-ended")

	// A token that somebody else has planted opens nothing and is not taken up.
	planted := &http.Cookie{Name: first[0].Name, Value: strings.Repeat("A", len(first[0].Value))}
	victim, attacker := suite.demo.client(t), suite.demo.client(t)
	victim.keep(planted)
	attacker.keep(planted)
	victim.signIn(p.Login, p.Provider)
	if kept := victim.cookies(); len(kept) != 1 || kept[0].Value == planted.Value {
		t.Error("sign-in took up the planted token")
	}
	sentTo(t, attacker.get("/reports"), "/")
}

func TestAnAnswerOfTheProviderServesOnce(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	c, other := suite.demo.client(t), suite.demo.client(t)
	form := c.follow(c.get("/login/" + p.Provider)).form(t)
	form.values.Set("login", p.Login)
	callback := c.submit(form).header.Get("Location")
	before := suite.demo.traces(t, "sign-in", "refused")
	for _, thief := range []func() *page{
		func() *page { return other.get(callback) }, // in a browser that did not ask
		func() *page {
			if answer := c.get(callback); answer.status != http.StatusSeeOther {
				t.Fatalf("the answer itself: status %d, want 303", answer.status)
			}
			c.signOut()
			return c.get(callback) // again
		},
	} {
		if answer := thief(); answer.status != http.StatusForbidden {
			t.Errorf("status %d, want 403", answer.status)
		}
	}
	if got := suite.demo.traces(t, "sign-in", "refused") - before; got != 2 {
		t.Errorf("%d refusals traced, want 2", got)
	}
	sentTo(t, c.get("/reports"), "/")
	sentTo(t, other.get("/reports"), "/")
}

func TestSignInDoesNotLeadAway(t *testing.T) {
	c := suite.demo.client(t)
	p := suite.demo.people(t, "patient")[0]
	for _, name := range []string{"return_to", "next", "redirect_uri", "url"} {
		begun := c.get("/login/" + p.Provider + "?" + url.Values{name: {"//evil.example/"}}.Encode())
		if begun.status != http.StatusSeeOther && begun.status != http.StatusForbidden {
			t.Errorf("status %d", begun.status)
		}
		if strings.Contains(begun.header.Get("Location"), "evil.example") {
			t.Errorf("%s is taken up: %s", name, begun.header.Get("Location"))
		}
	}
}

func TestNoTokenLiesInTheDatabaseOrALog(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	c.get("/reports")
	token := c.cookies()[0].Value
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	places := suite.demo.logs(t)
	places["guichet.session"] = []byte(strings.Join(suite.demo.query(t, "SELECT s FROM guichet.session s"), "\n"))
	places["guichet.trace"] = []byte(strings.Join(suite.demo.query(t, "SELECT t FROM guichet.trace t"), "\n"))
	for name, content := range places {
		if bytes.Contains(content, []byte(token)) || bytes.Contains(content, []byte(hex.EncodeToString(raw))) {
			t.Errorf("a session's token lies in %s", name)
		}
	}
}
