package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"guichet/auth"
	"guichet/web"
)

// choose sends the form that is on every page.
func (b *browser) choose(to, back string, header map[string]string) answer {
	b.t.Helper()
	return b.post("/language", url.Values{"to": {to}, "back": {back}}, header)
}

func TestLanguageIsThatOfTheBrowserUntilChosen(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	english := map[string]string{"Accept-Language": "en-GB,en;q=0.9"}
	if got := b.do("GET", "/", english); !strings.Contains(got.body, `<html lang="en">`) || got.header.Get("Content-Language") != "en" || got.header.Get("Vary") != "Accept-Language, Cookie" {
		t.Errorf("a browser in English: Content-Language %q, Vary %q", got.header.Get("Content-Language"), got.header.Get("Vary"))
	}
	if got := b.get("/"); !strings.Contains(got.body, `<html lang="fr">`) || got.header.Get("Content-Language") != "fr" {
		t.Error("without a preference the page is not French")
	}
	got := b.choose("en", "/help", nil)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/help" {
		t.Fatalf("got %d to %q", got.status, got.header.Get("Location"))
	}
	if cookie := got.header.Values("Set-Cookie"); len(cookie) != 1 || cookie[0] != "__Host-guichet-language=en; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("cookie: got %q", cookie)
	}
	french := map[string]string{"Accept-Language": "fr"}
	b.signIn()
	for _, path := range []string{"/", "/reports", "/trends/718-7", "/account", "/access-log", "/help", "/legal/terms", "/nothing"} {
		if got := b.do("GET", path, french); !strings.Contains(got.body, `<html lang="en">`) {
			t.Errorf("%s: the choice does not hold", path)
		}
	}
	b.choose("fr", "/", nil)
	if got := b.do("GET", "/", english); !strings.Contains(got.body, `<html lang="fr">`) {
		t.Error("the choice cannot be taken back")
	}
}

func TestLanguageFormLeadsToOurOwnPagesOnly(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	own := s.deposit(t, s.me(), "1", "11.2").String()
	b := s.browser(t)
	for back, want := range map[string]string{
		"/": "/", "/reports": "/reports", "/reports?text=sang&page=2": "/reports?text=sang&page=2", "/reports/" + own: "/reports/" + own,
		"/trends/718-7?system=LABO": "/trends/718-7?system=LABO", "/legal/terms": "/legal/terms",
		"": "/", "https://evil.example/": "/", "//evil.example/reports": "/", "/\\evil.example": "/", "/%5cevil.example": "/", "/\t/evil.example": "/", "reports": "/", "javascript:alert(1)": "/",
		"/nothing": "/", "/reports/": "/", "/reports/..": "/", "/reports//": "/", "/reports/" + own + "/original.pdf": "/", "/login/franceconnect": "/", "/callback/franceconnect?code=x": "/",
		"/logout": "/", "/language": "/", "/session-ended": "/", "/help#x": "/", "/reports\r\nSet-Cookie: a=b": "/", "@evil.example": "/", "/@evil.example": "/",
	} {
		if got := b.choose("en", back, nil); got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("%q: got %d to %q, want %q", back, got.status, got.header.Get("Location"), want)
		}
	}
}

func TestLanguageFormIsRefused(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	b := s.browser(t)
	if got := b.choose("en", "/", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}); got.status != http.StatusForbidden || len(got.header.Values("Set-Cookie")) > 0 {
		t.Errorf("from another site: got %d", got.status)
	}
	for _, to := range []string{"", "de", "EN", "en\x00", strings.Repeat("e", 20_000)} {
		if got := b.choose(to, "/", nil); got.status != http.StatusNotFound || len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%.10q: got %d", to, got.status)
		}
	}
}

// The missing page is of one length in each language, whatever was asked for
// (DT3).
func TestMissingPageKeepsItsSizeInEachLanguage(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	theirs := s.deposit(t, other, "2", "13.0")
	b := s.browser(t)
	b.signIn()
	reference := regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}`)
	for _, language := range []string{"fr", "en"} {
		b.choose(language, "/", nil)
		missing := b.get("/nothing")
		for _, path := range []string{"/reports/" + theirs.String(), "/reports/x?text=" + strings.Repeat("y", 200), "/trends/none", "/trends/718-7?system=none", "/help/nothing", "/legal/"} {
			got := b.get(path)
			if got.status != http.StatusNotFound || len(got.body) != len(missing.body) || reference.ReplaceAllString(got.body, "") != reference.ReplaceAllString(missing.body, "") {
				t.Errorf("%s, %s: got %d, %d bytes, want %d", language, path, got.status, len(got.body), len(missing.body))
			}
		}
	}
}

func TestPreferredLanguage(t *testing.T) {
	for header, want := range map[string]web.Language{
		"": web.French, "fr": web.French, "en": web.English, "en-US,en;q=0.5": web.English, "fr-CA, en;q=0.9": web.French, "de, en;q=0.5, fr;q=0.4": web.English,
		"de, es": web.French, "*": web.French, "en;q=0": web.French, "en;q=0.3, fr;q=0.3": web.English, "EN-gb": web.English, "english": web.French,
		"en;q=2": web.French, "en;q=NaN": web.French, ";;,,en": web.English, "en;q": web.French,
	} {
		if got := preferred([]string{header}); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}

func FuzzWayBack(f *testing.F) {
	for _, back := range []string{"/", "//x", "/reports?a=b", "https://x", "/\\x", "/reports/%2e%2e"} {
		f.Add(back)
	}
	p := &Portal{}
	p.table = p.routes()
	f.Fuzz(func(t *testing.T, back string) {
		way := p.wayBack(back)
		u, err := url.Parse(way)
		if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(way, "/") || strings.HasPrefix(way, "//") || strings.ContainsAny(way, "\\\r\n") {
			t.Errorf("%q leads to %q", back, way)
		}
	})
}
