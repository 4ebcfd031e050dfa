package portal

import (
	"net/http"
	"time"
)

// setCookie gives the browser a cookie of this host alone for a while, or takes
// it where value is empty.
func (p *Portal) setCookie(w http.ResponseWriter, name, value string, keep time.Duration) {
	c := &http.Cookie{Name: p.cookieName(name), Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(keep.Seconds())}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (p *Portal) cookieName(name string) string {
	name = "__Host-guichet-" + name
	if p.suffix == "" {
		return name
	}
	return name + "-" + p.suffix
}

// cookie returns a cookie's value, or "".
func (p *Portal) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(p.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}
