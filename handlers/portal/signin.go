package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"guichet/auth"
	"guichet/fault"
	"guichet/handlers"
	"guichet/record"
	"guichet/store"
)

// beginSignIn serves GET /login/{provider}.
func (p *Portal) beginSignIn(provider *auth.Provider) handlers.Page {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := p.store.MayTry(r.Context(), asking(r.Context(), nil), provider.Name()); err != nil {
			return err
		}
		target, err := provider.Begin(r.Context(), w, p.attempts, "/")
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
		if isEmbedded(r) {
			return p.refuseEmbedded(r.Context(), provider)
		}
		if err := p.store.BeginTry(r.Context(), asking(r.Context(), nil), provider.Name()); err != nil {
			return err
		}
		// A try that has begun is evaluated to its end and counted, also where
		// its client hangs up meanwhile (AA7).
		login, err := provider.Finish(context.WithoutCancel(r.Context()), w, r, p.attempts)
		if err != nil {
			return p.refuse(r.Context(), provider, err)
		}
		req, err := p.enter(w, r, login, "")
		if err != nil {
			return p.keep(w, login, err)
		}
		http.Redirect(w, r, p.returnTo(w, r, req, login.ReturnTo), http.StatusSeeOther)
		return nil
	}
}

// enter opens the session of whoever the provider has identified, with a code
// where they typed one.
func (p *Portal) enter(w http.ResponseWriter, r *http.Request, login *auth.Login, code record.ActivationCode) (store.Request, error) {
	s, err := p.sessions.Begin(r)
	if err != nil {
		return store.Request{}, err
	}
	earlier, _ := p.sessions.Token(r)
	req := asking(r.Context(), s.Token)
	arrival, err := p.store.SignIn(r.Context(), req, store.Identified{Provider: login.Provider, Issuer: login.Issuer, Subject: login.Subject,
		State: login.State, Role: login.Role, Identity: login.Identity, Mail: login.Mail, Earlier: earlier, Until: login.Until, Code: code,
		Evidence: store.Evidence{IDToken: login.IDToken, Subject: login.Token.Subject, Nonce: login.Token.Nonce}})
	switch fault.KindOf(err) {
	case fault.Unmatched:
		return req, errors.Join(err, p.leaveToAnother(r.Context(), earlier))
	case fault.Ended: // opened, and replaced meanwhile or waiting: the next page says which
		err = nil
	}
	if err != nil {
		return req, err
	}
	s.Put("provider", login.Provider)
	s.Put("role", string(login.Role))
	s.Put("id_token", login.IDToken) // for sign-out at the provider only
	if arrival != nil {
		if err := p.keepGreeting(w, s, arrival.LastSignIn); err != nil {
			return req, err
		}
	}
	if err := s.Save(w); err != nil {
		return req, errors.Join(err, p.store.EndSession(r.Context(), req, record.EndError))
	}
	return req, nil
}

// leaveToAnother ends the session that a browser has when somebody was
// identified in it to whom no session could be opened: whoever sits there now,
// it may not be the one it belongs to.
func (p *Portal) leaveToAnother(ctx context.Context, earlier []byte) error {
	if earlier == nil {
		return nil
	}
	return p.store.EndSession(ctx, asking(ctx, earlier), record.EndIdentity)
}

// isEmbedded reports whether a browser says that no person went to the page: it
// was fetched as an image, in a frame, or ahead of time. Any site's page could
// make its visitors' browsers do so, and their network wait for it (AA7.e).
func isEmbedded(r *http.Request) bool {
	destination := r.Header.Get("Sec-Fetch-Dest")
	return destination != "" && destination != "document" || r.Header.Get("Sec-Purpose") != ""
}

// embeddedEvery is how often an embedded callback is traced at most: it needs
// no attempt and makes nobody wait, so a flood would only fill the log of
// traces. The request log has each.
const embeddedEvery = time.Minute

// refuseEmbedded answers as if there were no such page, and leaves the attempt
// that the browser may have as it is.
func (p *Portal) refuseEmbedded(ctx context.Context, provider *auth.Provider) error {
	missing := fault.New(fault.NotFound, errors.New("callback embedded in a page"))
	if !p.embedded.Allow() {
		return missing
	}
	if err := p.store.RefuseSignIn(ctx, asking(ctx, nil), provider.Name(), "embedded"); err != nil {
		return err
	}
	return missing
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
	return &signInFailed{means: provider.Name(), err: err}
}

// signInFailed is a sign-in that the provider's answer did not carry.
type signInFailed struct {
	means string // the provider
	err   error
}

func (e *signInFailed) Error() string { return e.err.Error() }
func (e *signInFailed) Unwrap() error { return e.err }
