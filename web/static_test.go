package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"guichet/record"
)

func get(t *testing.T, w *Web, method, path, encoding string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	rec := httptest.NewRecorder()
	w.Static().ServeHTTP(rec, r)
	return rec.Result()
}

func TestStaticFiles(t *testing.T) {
	w := newWeb(t)
	for href, contentType := range map[string]string{
		w.static.styleHref: "text/css; charset=utf-8", w.static.scriptHref: "text/javascript; charset=utf-8", w.static.iconHref: "image/svg+xml", w.static.fontHref: "font/woff2",
	} {
		if !regexp.MustCompile(`^/static/[a-z0-9-]+-[0-9a-f]{16}\.(css|js|svg|woff2)$`).MatchString(href) {
			t.Errorf("path %s", href)
		}
		answer := get(t, w, http.MethodGet, href, "")
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != contentType ||
			answer.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || answer.Header.Get("Content-Encoding") != "" || answer.ContentLength != int64(len(body)) {
			t.Errorf("%s: %d %v", href, answer.StatusCode, answer.Header)
		}
		head := get(t, w, http.MethodHead, href, "")
		if rest, _ := io.ReadAll(head.Body); len(rest) > 0 || head.ContentLength != int64(len(body)) {
			t.Errorf("HEAD %s: %d bytes, announced %d", href, len(rest), head.ContentLength)
		}
		compressed := get(t, w, http.MethodGet, href, "br, gzip")
		if contentType == "font/woff2" {
			if compressed.Header.Get("Content-Encoding") != "" {
				t.Error("the font was compressed twice")
			}
			continue
		}
		if compressed.Header.Get("Content-Encoding") != "gzip" || compressed.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s is not compressed: %v", href, compressed.Header)
			continue
		}
		unpacked, err := gzip.NewReader(compressed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := io.ReadAll(unpacked); string(again) != string(body) {
			t.Errorf("%s differs once unpacked", href)
		}
	}
}

// What stands before the cells of a report's rows on a narrow screen is in the
// words of the page's language.
func TestStyleSheetHasTheWordsOfRows(t *testing.T) {
	w := newWeb(t)
	style := string(w.static.files[w.static.styleHref].plain)
	for _, l := range []*language{w.french, w.english} {
		for _, words := range []string{l.say.Result.Interval, l.say.Result.Previous} {
			if !strings.Contains(style, `content: "`+words+` "`) {
				t.Errorf("the style sheet does not say %q", words)
			}
		}
	}
	if strings.Contains(style, "[[") {
		t.Error("the style sheet has a word that is not set")
	}
}

func TestSqueezeLeavesOutCommentsOnly(t *testing.T) {
	got := string(squeeze([]byte("// why\n'use strict';\n\n  let a = 1; // one\n/* a rule */\n.a { b: c; } /* d */\n\t/* e\n f */\n")))
	if want := "'use strict';\nlet a = 1; // one\n.a { b: c; } /* d */\n/* e\nf */\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestOtherStaticPathsAreAPlain404(t *testing.T) {
	w := newWeb(t)
	for _, path := range []string{"/static/", "/static/style.css", "/static/../web.go", "/static/style-0000000000000000.css", "/static"} {
		answer := get(t, w, http.MethodGet, path, "gzip")
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusNotFound || string(body) != "Fichier introuvable.\n" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q", path, answer.StatusCode, body)
		}
	}
	if answer := get(t, w, http.MethodPost, w.static.styleHref, ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("POST: %d", answer.StatusCode)
	}
}

func TestAcceptEncoding(t *testing.T) {
	for value, want := range map[string]bool{
		"": false, "gzip": true, "br, GZIP": true, "gzip;q=0": false, "gzip; q=0.5": true, "identity": false, "*": false, "gzip;q=x": false, "xgzip": false,
	} {
		if got := acceptsGzip([]string{value}); got != want {
			t.Errorf("%q: %t", value, got)
		}
	}
}

func TestStyleSheetAsksForNothingElse(t *testing.T) {
	w := newWeb(t)
	style := string(w.static.files[w.static.styleHref].plain)
	for _, address := range regexp.MustCompile(`url\("?([^")]*)`).FindAllStringSubmatch(style, -1) {
		if w.static.files[staticPath+address[1]].plain == nil {
			t.Errorf("the style sheet asks for %s", address[1])
		}
	}
	for _, word := range []string{"@import", "http:", "https:", "expression("} {
		if strings.Contains(style, word) {
			t.Errorf("the style sheet has %s", word)
		}
	}
}

// Every class that a page uses is in the style sheet, and every class of the
// style sheet is used: it is sent to everyone.
func TestClassesOfPagesAndOfTheStyleSheetAreTheSame(t *testing.T) {
	w := newWeb(t)
	unstyled := map[string]bool{ // hooks for scripts, or names that only say what a thing is
		"flag": true, "previous": true, "value": true, "key": true,
	}
	used := make(map[string]bool)
	collectFrom := func(doc *html.Node) {
		for _, n := range all(doc, withAttr("class", "*")) {
			classes, _ := attr(n, "class")
			for _, class := range strings.Fields(classes) {
				used[class] = true
			}
		}
	}
	collect := func(page Page) {
		doc, _ := renderedPage(t, w, page)
		collectFrom(doc)
	}
	question, err := w.Question(English, Question{})
	if err != nil {
		t.Fatal(err)
	}
	dialog, err := html.Parse(strings.NewReader(question))
	if err != nil {
		t.Fatal(err)
	}
	collectFrom(dialog)
	for _, page := range everyPage(t, English) {
		collect(page)
	}
	marks := []record.Observation{
		measured("x", "1", "", "2-3", "S"), measured("x", "1", "", "2-3", "I"), measured("x", "1", "", "2-3", "L"), measured("x", "1", "", "2-3", "N"),
	}
	collect(ReportPage{Report: &record.Report{Panels: []record.Panel{{Observations: marks}, {Observations: twoSets()}}}})
	style := string(w.static.files[w.static.styleHref].plain)
	style = regexp.MustCompile(`(?s)/\*.*?\*/|url\([^)]*\)|"[^"]*"`).ReplaceAllString(style, "")
	styled := make(map[string]bool)
	for _, class := range regexp.MustCompile(`\.([a-z][a-z0-9-]*)`).FindAllStringSubmatch(style, -1) {
		styled[class[1]] = true
	}
	for class := range used {
		if !styled[class] && !unstyled[class] {
			t.Errorf("class %s is not in the style sheet", class)
		}
	}
	for class := range styled {
		if !used[class] {
			t.Errorf("class %s of the style sheet is not used", class)
		}
	}
}
