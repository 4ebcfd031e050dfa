package auth

import (
	"fmt"
	"net/http"
	"time"
)

// returnLifetime is how long somebody may be away before a sign-in leads to
// the first page again.
const returnLifetime = 2 * time.Hour

// Return is where somebody was when their session ended. It is sealed, since
// the page's address is nobody's business, least of all that of the next
// person at the same browser (DT10.b).
type Return struct {
	Path    string `json:"p"` // a local path
	Session []byte `json:"s"` // names the session that ended: what was its account's goes back to that account alone
}

type sealedReturn struct {
	Return
	Left int64 `json:"t"`
}

// KeepReturn leaves in a cookie where to come back to after signing in again.
// A path that is not local is not kept.
func (a *Attempts) KeepReturn(w http.ResponseWriter, cookie string, to Return) error {
	if !isLocalPath(to.Path) {
		return nil
	}
	sealed, err := a.codec.Encode(cookie, sealedReturn{Return: to, Left: a.now().Unix()})
	if err != nil {
		return fmt.Errorf("seal way back: %w", err)
	}
	// Like the session's, the cookie goes with the browser.
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: sealed, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return nil
}

// ReturnOf returns where the browser is to come back to, if anywhere.
func (a *Attempts) ReturnOf(r *http.Request, cookie string) (Return, bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return Return{}, false
	}
	var kept sealedReturn
	if err := a.codec.Decode(cookie, c.Value, &kept); err != nil {
		return Return{}, false
	}
	age := a.now().Sub(time.Unix(kept.Left, 0))
	if age > returnLifetime || age < -clockSkew || !isLocalPath(kept.Path) {
		return Return{}, false
	}
	return kept.Return, true
}

// ForgetReturn removes it: it serves once, whatever came of it.
func (a *Attempts) ForgetReturn(w http.ResponseWriter, cookie string) {
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
