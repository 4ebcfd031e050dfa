package portal

import (
	"errors"
	"fmt"
	"net/http"

	"guichet/auth"
	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/web"
)

// activatePath is where a code is typed.
const activatePath = "/activate"

// notLinked is somebody who is identified and let in nowhere.
type notLinked struct {
	refusal *store.Refusal
	means   string
}

func (e *notLinked) Error() string { return e.refusal.Error() }
func (e *notLinked) Unwrap() error { return e.refusal }

// keep remembers who was identified, where a code may lead them further.
func (p *Portal) keep(w http.ResponseWriter, login *auth.Login, err error) error {
	refusal, ok := errors.AsType[*store.Refusal](err)
	if !ok {
		return err
	}
	if refusal.Spent() {
		return &signInFailed{means: login.Provider, err: fault.New(fault.Unauthenticated, err)}
	}
	if refusal.Linkable() && login.Role == record.RolePatient {
		if kerr := p.attempts.Keep(w, login); kerr != nil {
			return errors.Join(err, kerr) // without the form
		}
	}
	return &notLinked{refusal: refusal, means: login.Provider}
}

// unlinkedPage says what somebody can do who is identified and let in nowhere.
func (p *Portal) unlinkedPage(r *http.Request, err error) web.Page {
	e, ok := errors.AsType[*notLinked](err)
	if !ok {
		return web.UnmatchedPage{Base: p.bare(r)}
	}
	if e.refusal.Closed() {
		return web.SuspendedPage{Base: p.bare(r)}
	}
	page := web.UnmatchedPage{Base: p.bare(r), Means: e.means, Waiting: e.refusal.Reference}
	if e.refusal.Linkable() {
		page.Path, page.Code = activatePath, &web.CodeForm{}
	}
	return page
}

// showActivation serves GET /activate: the form again, for as long as the
// provider's answer is kept.
func (p *Portal) showActivation(w http.ResponseWriter, r *http.Request) error {
	login, err := p.attempts.Kept(r)
	if err != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil //nolint:nilerr // nobody asked for anything yet
	}
	return p.askCode(w, r, login, http.StatusOK, web.CodeForm{})
}

func (p *Portal) askCode(w http.ResponseWriter, r *http.Request, login *auth.Login, status int, form web.CodeForm) error {
	reference, err := p.store.Reference(login.Issuer, login.Subject)
	if err != nil {
		return err
	}
	page := web.UnmatchedPage{Base: p.bare(r), Means: login.Provider, Waiting: reference, Code: &form}
	page.Path = activatePath
	return p.web.Render(w, status, page)
}

// activate serves POST /activate: an activation code, which leads whom the
// provider has identified to one record. By POST only, since what scans mail
// follows links (AA6.a).
func (p *Portal) activate(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return fmt.Errorf("activate: %w", err)
	}
	// Without a proof nothing is tried, so nothing is counted: a failure that had
	// no place in line would let anybody lock the address they share (AA7.e).
	login, err := p.attempts.Kept(r)
	if err != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil //nolint:nilerr // nobody is identified
	}
	typed := r.PostForm.Get("code")
	code, err := record.ParseActivationCode(typed)
	if err != nil {
		return p.askCode(w, r, login, http.StatusUnprocessableEntity, web.CodeForm{Typed: typed, Mistyped: true})
	}
	// A code is a credential like another: its try has a place in line (AA7).
	if err := p.store.BeginTry(r.Context(), asking(r.Context(), nil), login.Provider); err != nil {
		return err
	}
	_, err = p.enter(w, r, login, code)
	refusal, refused := errors.AsType[*store.Refusal](err)
	switch {
	case err == nil:
		p.attempts.Drop(w)
		http.Redirect(w, r, "/activated", http.StatusSeeOther)
		return nil
	case refused && refusal.WrongCode():
		return p.askCode(w, r, login, http.StatusUnprocessableEntity, web.CodeForm{Typed: typed, Refused: true})
	case refused:
		p.attempts.Drop(w)
		if refusal.Spent() {
			return &signInFailed{means: login.Provider, err: fault.New(fault.Unauthenticated, err)}
		}
		return &notLinked{refusal: refusal, means: login.Provider}
	}
	return err
}

// showActivated serves GET /activated, once a code has led to a record.
func (p *Portal) showActivated(w http.ResponseWriter, r *http.Request) error {
	return p.web.Render(w, http.StatusOK, web.ActivatedPage{Base: p.unread(r)})
}
