package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestLanguageIsChosenBehindTheFirewall: the form of every page, and a filtered
// list to come back to, pass where an attack would not.
func TestLanguageIsChosenBehindTheFirewall(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	for _, back := range []string{"/", "/reports", "/reports?flagged=yes&period=5y&text=l%27h%C3%A9moglobine+d%E2%80%99ao%C3%BBt", c.get("/reports").reports(t)[0], "/trends/718-7", "/account", "/help/security"} {
		for language, words := range map[string]string{"en": "Sign out", "fr": "Se déconnecter"} {
			answer := c.post("/language", url.Values{"to": {language}, "back": {back}})
			if answer.status != http.StatusSeeOther || answer.header.Get("Location") != back {
				t.Fatalf("%s: status %d to %q", back, answer.status, answer.header.Get("Location"))
			}
			page := c.follow(answer)
			if page.status != http.StatusOK && page.status != http.StatusNotFound {
				t.Errorf("%s: status %d", back, page.status)
			}
			if root := page.root(t).one(t, tag("html")); root.attribute("lang") != language || !strings.Contains(page.body, words) || page.header.Get("Content-Language") != language {
				t.Errorf("%s: the page is not in %s", back, language)
			}
		}
	}
}

// TestEnglishPagesShowTheSameResults: what the laboratory sent is the same in
// both languages, hook by hook.
func TestEnglishPagesShowTheSameResults(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	link := c.get("/reports").reports(t)[0]
	sent := func() []string {
		var values []string
		for _, row := range c.get(link).root(t).all(tag("tr"), has("data-code")) {
			values = append(values, row.attribute("data-code")+" "+row.one(t, tag("data")).attribute("value")+" "+row.one(t, class("reference")).attribute("data-reference")+" "+row.one(t, class("flag")).attribute("data-flag"))
		}
		return values
	}
	french := sent()
	c.post("/language", url.Values{"to": {"en"}, "back": {"/"}})
	english := sent()
	if len(french) == 0 || strings.Join(french, "\n") != strings.Join(english, "\n") {
		t.Errorf("%d results in French, %d in English, or not the same", len(french), len(english))
	}
}
