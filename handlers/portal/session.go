package portal

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"guichet/fault"
	"guichet/handlers"
	"guichet/record"
	"guichet/session"
	"guichet/web"
)

// What a browser is told to drop: with a session that is over without its
// person having left, cookies stay by which they can say that it was not them,
// and come back to their page.
const (
	dropAll      = `"cache", "cookies", "storage"`
	dropAllButIt = `"cache", "storage"`
)

// signOut serves POST /logout: the session ends here first, so that a failure
// at the provider never leaves it open, then there (AA12, DT10). One that waits
// for another can be left as well.
func (p *Portal) signOut(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sessions.Open(r)
	if err != nil {
		return err
	}
	if s.Ended != "" {
		return fault.New(fault.Ended, errors.New("session is over"))
	}
	if err := p.store.EndSession(r.Context(), asking(r.Context(), s.Token), record.EndLogout); err != nil {
		return err
	}
	s.Forget()
	w.Header().Set("Clear-Site-Data", dropAllButIt) // the cookies are cleared by the page that says why
	http.Redirect(w, r, p.leaving(w, s), http.StatusSeeOther)
	return nil
}

// leaving returns where to close a session's session at its provider, and here
// where that cannot be done. The provider sends the browser back.
func (p *Portal) leaving(w http.ResponseWriter, s *session.Session) string {
	const here = "/session-ended"
	provider, ok := p.providers[s.Value("provider")]
	if !ok {
		return here
	}
	state := rand.Text() + rand.Text()
	at := provider.EndSession(s.Value("id_token"), state)
	if at == "" {
		return here
	}
	p.setCookie(w, leavingCookie, provider.Name()+"."+state, leavingFor)
	return at
}

// leavingCookie holds the provider, and the state that its sign-out is to bring
// back.
const (
	leavingCookie = "leaving"
	leavingFor    = 10 * time.Minute
)

// left returns the provider whose sign-out the browser was sent to, and whether
// it comes from there.
func (p *Portal) left(w http.ResponseWriter, r *http.Request) (provider string, closed bool) {
	kept := p.cookie(r, leavingCookie)
	if kept == "" {
		return "", false
	}
	p.setCookie(w, leavingCookie, "", leavingFor)
	name, state, _ := strings.Cut(kept, ".")
	if _, ok := p.providers[name]; !ok {
		return "", false
	}
	return name, subtle.ConstantTimeCompare([]byte(state), []byte(r.URL.Query().Get("state"))) == 1
}

var errLive = fault.New(fault.Unauthenticated, errors.New("no session has ended here"))

// lastKnown returns the session that this browser comes with, or the one that
// was set aside.
func (p *Portal) lastKnown(r *http.Request) (*session.Session, error) {
	s, err := p.sessions.Look(r)
	if fault.KindOf(err) == fault.Unauthenticated {
		return p.sessions.Past(r)
	}
	return s, err
}

// over returns the last known session of this browser if it is over.
func (p *Portal) over(r *http.Request) (*session.Session, error) {
	s, err := p.lastKnown(r)
	if err != nil {
		return nil, err
	}
	if s.Ended == "" {
		return nil, errLive
	}
	return s, nil
}

// showSessionEnded serves GET /session-ended: why, from the tombstone of the
// session whose cookie the browser still has (AA8.d).
func (p *Portal) showSessionEnded(w http.ResponseWriter, r *http.Request) error {
	s, err := p.over(r)
	if err != nil {
		return err
	}
	page := web.SessionEndedPage{Base: p.bare(r), Reason: s.Ended, At: s.At, Idle: s.Idle, Lifetime: s.Lifetime}
	if !s.Other.Since.IsZero() {
		page.Newer = &web.Newer{Provider: s.Other.Provider, Near: s.Other.Near}
	}
	_, page.Returns = p.attempts.ReturnOf(r, p.returnCookie())
	if page.Returns = page.Returns && mayReturn(s.Ended); !page.Returns {
		p.attempts.ForgetReturn(w, p.returnCookie())
	}
	name, closed := p.left(w, r)
	if s.Ended == record.EndLogout {
		p.sessions.Clear(w)
		w.Header().Set("Clear-Site-Data", dropAll)
	} else {
		s.SetAside(w)
		w.Header().Set("Clear-Site-Data", dropAllButIt)
		page.Alert = true
		if name == "" {
			name = s.Value("provider")
		}
		page.ProviderCloses = s.Value("id_token") != ""
	}
	if _, ok := p.providers[name]; ok {
		page.Provider, page.ProviderClosed = name, closed
	}
	return p.web.Render(w, http.StatusOK, page)
}

// closeProvider serves POST /session/provider: the provider's session is closed
// also when the one here ended by itself (AA12.b).
func (p *Portal) closeProvider(w http.ResponseWriter, r *http.Request) error {
	s, err := p.over(r)
	if err != nil {
		return err
	}
	http.Redirect(w, r, p.leaving(w, s), http.StatusSeeOther)
	return nil
}

// waitRefresh is how often the page of a session that waits asks whether it
// still has to. It is no action: the idle limit runs on.
const waitRefresh = "20; url=/session-open"

// showAlreadyOpen serves GET /session-open: another session of the account is
// open, and can be taken over (AA8.b).
func (p *Portal) showAlreadyOpen(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sessions.Look(r)
	if err != nil {
		return err
	}
	if s.Ended != "" {
		return fault.New(fault.Ended, errors.New("session is over"))
	}
	if !s.Waits {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	w.Header().Set("Refresh", waitRefresh)
	return p.web.Render(w, http.StatusOK, web.AlreadyOpenPage{Base: p.bare(r), Since: s.Other.Since, Seen: s.Other.Seen})
}

// takeOver serves POST /session/take-over.
func (p *Portal) takeOver(w http.ResponseWriter, r *http.Request) error {
	s, err := p.sessions.Open(r)
	if err != nil {
		return err
	}
	if s.Ended != "" {
		return fault.New(fault.Ended, errors.New("session is over"))
	}
	if err := p.store.TakeOver(r.Context(), asking(r.Context(), s.Token)); err != nil {
		return err
	}
	s.Forget()
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// reportIncident serves POST /session/alert: "that was not me", from a session
// that lives or waits, or from what is left of one (AA8.e). It needs no sign-in,
// since whoever took the account over would have to be outrun first.
func (p *Portal) reportIncident(w http.ResponseWriter, r *http.Request) error {
	s, err := p.lastKnown(r)
	if err != nil {
		return err
	}
	err = p.store.ReportIncident(r.Context(), asking(r.Context(), s.Token))
	s.Forget()
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Unauthenticated, err)
	}
	if err != nil {
		return err
	}
	s.SetAside(w) // should the page be sent again, it says the same
	w.Header().Set("Clear-Site-Data", dropAllButIt)
	return p.web.Render(w, http.StatusOK, web.AlertedPage{Base: p.bare(r)})
}

// endAfterError ends the session that an internal error happened in (DT8), and
// takes the cookie where even that cannot be written: the store keeps it from
// opening anything meanwhile.
func (p *Portal) endAfterError(w http.ResponseWriter, r *http.Request) error {
	token, ok := p.sessions.Token(r)
	if !ok {
		return nil
	}
	if s := handlers.RequestOf(r.Context()).Session; s != nil {
		s.Forget()
	}
	w.Header().Set("Clear-Site-Data", dropAllButIt)
	err := p.store.EndSession(r.Context(), asking(r.Context(), token), record.EndError)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		p.sessions.Clear(w)
	}
	return err
}
