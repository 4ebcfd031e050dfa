package portal

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"guichet/fault"
	"guichet/handlers"
	"guichet/record"
	"guichet/web"
)

// signOut serves POST /logout: the session ends here first, so that a failure
// at the provider never leaves it open, then there (AA12, DT10).
func (p *Portal) signOut(w http.ResponseWriter, r *http.Request) error {
	s := handlers.RequestOf(r.Context()).Session
	if err := p.store.EndSession(r.Context(), caller(r), record.EndLogout); err != nil {
		return err
	}
	s.Forget()
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`) // the cookie is cleared by the page that says why
	target := "/session-ended"
	if provider, ok := p.providers[s.Value("provider")]; ok {
		state := rand.Text() + rand.Text()
		if at := provider.EndSession(s.Value("id_token"), state); at != "" {
			p.setLeaving(w, provider.Name()+"."+state)
			target = at
		}
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

var errLive = fault.New(fault.Unauthenticated, errors.New("no session has ended here"))

// showSessionEnded serves GET /session-ended: why, from the tombstone of the
// session whose cookie the browser still has (AA8.d).
func (p *Portal) showSessionEnded(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sessions.Open(r)
	if err != nil {
		return err
	}
	if s.Ended == "" {
		return errLive
	}
	p.sessions.Clear(w)
	_, returns := p.attempts.ReturnOf(r, p.returnCookie())
	if returns = returns && mayReturn(s.Ended); returns {
		w.Header().Set("Clear-Site-Data", `"cache", "storage"`) // the way back is a cookie, and sealed
	} else {
		p.attempts.ForgetReturn(w, p.returnCookie())
		w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	}
	page := web.SessionEndedPage{Base: p.bare(r), Reason: s.Ended, At: s.EndedAt, Idle: p.limits.Idle, Lifetime: p.limits.Lifetime, Returns: returns}
	if c, err := r.Cookie(p.leavingCookie()); err == nil && c.Value != "" {
		p.setLeaving(w, "")
		name, state, _ := strings.Cut(c.Value, ".")
		if provider, ok := p.providers[name]; ok {
			page.Provider = provider.Label()
			page.ProviderClosed = subtle.ConstantTimeCompare([]byte(state), []byte(r.URL.Query().Get("state"))) == 1
		}
	}
	return p.web.Render(w, http.StatusOK, page)
}

// endAfterError ends the session that an internal error happened in (DT8), and
// takes the cookie where even that cannot be written.
func (p *Portal) endAfterError(w http.ResponseWriter, r *http.Request) error {
	token, ok := p.sessions.Token(r)
	if !ok {
		return nil
	}
	if s := handlers.RequestOf(r.Context()).Session; s != nil {
		s.Forget()
	}
	err := p.store.EndSession(r.Context(), asking(r.Context(), token), record.EndError)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		p.sessions.Clear(w)
	}
	return err
}
