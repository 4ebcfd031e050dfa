package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"guichet/auth"
	"guichet/handlers"
	"guichet/record"
	"guichet/store"
)

// beginSignIn serves GET /login/{provider}.
func (p *Portal) beginSignIn(provider *auth.Provider) handlers.Page {
	return func(w http.ResponseWriter, r *http.Request) error {
		target, err := provider.Begin(w, p.attempts, "/")
		if err != nil {
			return err
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
		return nil
	}
}

// finishSignIn serves GET /callback/{provider}: the provider's answer, the
// record it leads to, and a session with a new token (AA10).
func (p *Portal) finishSignIn(provider *auth.Provider) handlers.Page {
	return func(w http.ResponseWriter, r *http.Request) error {
		login, err := provider.Finish(r.Context(), w, r, p.attempts)
		if err != nil {
			return p.refuse(r.Context(), provider, err)
		}
		if err := p.enter(w, r, login, ""); err != nil {
			return p.keep(w, login, err)
		}
		http.Redirect(w, r, login.ReturnTo, http.StatusSeeOther)
		return nil
	}
}

// enter opens the session of whoever the provider has identified, with a code
// where they typed one.
func (p *Portal) enter(w http.ResponseWriter, r *http.Request, login *auth.Login, code record.ActivationCode) error {
	s, err := p.sessions.Begin(r)
	if err != nil {
		return err
	}
	req := asking(r.Context(), s.Token)
	_, err = p.store.SignIn(r.Context(), req, store.Identified{Provider: login.Provider, Issuer: login.Issuer, Subject: login.Subject,
		State: login.State, Role: login.Role, Identity: login.Identity, Code: code}, p.limits)
	if err != nil {
		return err
	}
	s.Put("provider", login.Provider)
	s.Put("role", string(login.Role))
	s.Put("id_token", login.IDToken) // for sign-out at the provider only
	if err := s.Save(w); err != nil {
		return errors.Join(err, p.store.EndSession(r.Context(), req, record.EndError))
	}
	return nil
}

// refuse leaves the trace of a sign-in that failed at the provider (TR1.d).
func (p *Portal) refuse(ctx context.Context, provider *auth.Provider, err error) error {
	refusal, ok := errors.AsType[*auth.Refusal](err)
	if !ok {
		return err
	}
	if terr := p.store.RefuseSignIn(ctx, asking(ctx, nil), provider.Name(), string(refusal.Reason)); terr != nil {
		return terr // untraced, so unanswered: the page says that we are not available
	}
	return &signInFailed{means: provider.Label(), err: err}
}

// signInFailed is a sign-in that the provider's answer did not carry.
type signInFailed struct {
	means string
	err   error
}

func (e *signInFailed) Error() string { return e.err.Error() }
func (e *signInFailed) Unwrap() error { return e.err }

// leavingCookie holds the provider, and the state that its sign-out is to bring
// back.
func (p *Portal) leavingCookie() string {
	if p.suffix == "" {
		return "__Host-guichet-leaving"
	}
	return "__Host-guichet-leaving-" + p.suffix
}

func (p *Portal) setLeaving(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: p.leavingCookie(), Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int((10 * time.Minute).Seconds())}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
