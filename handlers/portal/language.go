package portal

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"guichet/fault"
	"guichet/handlers"
	"guichet/web"
)

// languageCookie holds the language that was asked for.
const languageCookie = "language"

// changeLanguage serves POST /language: pages are in the language asked for as
// long as the browser is open, and the reader is back where they were.
func (p *Portal) changeLanguage(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return fmt.Errorf("change language: %w", err)
	}
	to := web.Language(r.PostForm.Get("to"))
	if to != web.French && to != web.English {
		return fault.New(fault.NotFound, errors.New("change language: no such language"))
	}
	// Like the session's, the cookie goes with the browser (DT10). It is worth
	// nothing to anybody.
	http.SetCookie(w, &http.Cookie{Name: p.cookieName(languageCookie), Value: string(to), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, p.wayBack(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

// wayBack returns back where it is the address of one of our own pages, and
// the first page where it is anything else: a form must not lead anywhere.
func (p *Portal) wayBack(back string) string {
	const first = "/"
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n\t#") {
		return first
	}
	u, err := url.ParseRequestURI(back)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return first
	}
	for _, route := range p.table {
		if route.Method == http.MethodGet && isPage(route) && matches(route.Path, u.EscapedPath()) {
			return u.RequestURI()
		}
	}
	return first
}

// isPage leaves out what shows no page, or is for one moment only.
func isPage(route handlers.Route) bool {
	for _, prefix := range []string{"/login/", "/callback/", "/session-ended"} {
		if strings.HasPrefix(route.Path, prefix) {
			return false
		}
	}
	return !strings.HasSuffix(route.Path, ".pdf")
}

// matches says whether a path is of a route's form, as /reports/{report}.
func matches(form, path string) bool {
	parts, given := strings.Split(form, "/"), strings.Split(path, "/")
	if len(parts) != len(given) {
		return false
	}
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			if given[i] == "" || given[i] == "." || given[i] == ".." {
				return false
			}
		} else if part != given[i] {
			return false
		}
	}
	return true
}

// language is the language of a request's page: the one that was chosen, else
// the one that the browser prefers.
func (p *Portal) language(r *http.Request) web.Language {
	if c, err := r.Cookie(p.cookieName(languageCookie)); err == nil {
		switch chosen := web.Language(c.Value); chosen {
		case web.French, web.English:
			return chosen
		}
	}
	return preferred(r.Header.Values("Accept-Language"))
}

// preferred reads Accept-Language (RFC 9110, 12.5.4): of our languages the one
// of the greatest weight, the first of equals. French where neither is there.
func preferred(values []string) web.Language {
	best, weight := web.French, 0.0
	for _, value := range values {
		for accepted := range strings.SplitSeq(value, ",") {
			tag, parameter, weighted := strings.Cut(accepted, ";")
			primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
			var language web.Language
			switch {
			case strings.EqualFold(primary, string(web.French)):
				language = web.French
			case strings.EqualFold(primary, string(web.English)):
				language = web.English
			default:
				continue
			}
			q := 1.0
			if weighted {
				_, number, _ := strings.Cut(parameter, "=")
				parsed, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
				if err != nil || !(parsed >= 0 && parsed <= 1) {
					continue
				}
				q = parsed
			}
			if q > weight {
				best, weight = language, q
			}
		}
	}
	return best
}

// parameters are those that some page reads.
var parameters = []string{"before", "flagged", "laboratory", "page", "period", "system", "text"}

// whereabouts is the address of the page that is shown, for the way back to it.
// What no page reads is not repeated.
func whereabouts(r *http.Request) string {
	kept := make(url.Values)
	for name, values := range r.URL.Query() {
		if slices.Contains(parameters, name) {
			kept[name] = values[:1]
		}
	}
	return (&url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: kept.Encode()}).RequestURI()
}
