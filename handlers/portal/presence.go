package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"guichet/auth"
	"guichet/fault"
	"guichet/record"
	"guichet/session"
	"guichet/store"
	"guichet/web"
)

// standingAnswer tells a page's script how its session stands. The moments are
// for people; the script counts in seconds from when it asked, since the clock
// of a browser may be wrong. The question comes when it is about to be asked:
// most pages are left long before.
type standingAnswer struct {
	Ended    record.EndReason `json:"ended,omitempty"`
	Session  string           `json:"session,omitempty"`
	IdleAt   *time.Time       `json:"idleAt,omitempty"`
	EndsAt   *time.Time       `json:"endsAt,omitempty"`
	Idle     float64          `json:"idle"` // seconds left
	Ends     float64          `json:"ends"`
	Lead     float64          `json:"lead"` // how many of them before the session ends for want of use the person is asked
	Question string           `json:"question,omitempty"`
}

// noSession is what a browser is told that carries no session, or one that
// never was.
const noSession record.EndReason = "none"

// notePresence serves POST /session/presence: the browser is there, which is
// nobody's action (AA8.c). The session is not opened for it, since to open one
// is to use it. That it is over is an answer like any other.
func (p *Portal) notePresence(w http.ResponseWriter, r *http.Request) error {
	token, ok := p.sessions.Token(r)
	if !ok {
		return writeJSON(w, standingAnswer{Ended: noSession})
	}
	standing, err := p.store.NotePresence(r.Context(), asking(r.Context(), token))
	if fault.KindOf(err) == fault.NotFound {
		return writeJSON(w, standingAnswer{Ended: noSession})
	}
	if err != nil {
		return err
	}
	return p.answer(w, r, token, standing)
}

// continueSession serves POST /session/continue: the person is still there. A
// form without a script comes back to its page.
func (p *Portal) continueSession(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(w, r); err != nil {
		return fmt.Errorf("continue session: %w", err)
	}
	req := caller(r)
	standing, err := p.store.ContinueSession(r.Context(), req)
	if err != nil {
		return err
	}
	if standing.Ended != "" {
		return fault.New(fault.Ended, errors.New("continue session: it is over"))
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return p.answer(w, r, req.Token, standing)
	}
	http.Redirect(w, r, p.wayBack(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

func (p *Portal) answer(w http.ResponseWriter, r *http.Request, token []byte, s *store.Standing) error {
	if s.Ended != "" {
		return writeJSON(w, standingAnswer{Ended: s.Ended})
	}
	a := standingAnswer{Session: sessionMark(token), IdleAt: &s.IdleAt, EndsAt: &s.EndsAt, Idle: s.IdleIn.Seconds(), Ends: s.EndsIn.Seconds(), Lead: lead(s.Idle).Seconds()}
	q := web.Question{At: s.IdleAt, Idle: s.Idle}
	left, from := s.IdleIn, lead(s.Idle)
	if s.EndsIn <= s.IdleIn {
		q.At, q.Final, left, from = s.EndsAt, true, s.EndsIn, finalLead
	}
	if left <= from+soon {
		var err error
		if a.Question, err = p.web.Question(p.language(r), q); err != nil {
			return fmt.Errorf("word question: %w", err)
		}
	}
	return writeJSON(w, a)
}

const (
	finalLead = 5 * time.Minute // before the end that nothing lengthens; the script has the same
	soon      = 5 * time.Second // the script asks a little early rather than late
)

// lead is how long before the end for want of use the person is asked: two
// minutes, and no more than half of a short limit.
func lead(idle time.Duration) time.Duration { return min(2*time.Minute, idle/2) }

func writeJSON(w http.ResponseWriter, answer standingAnswer) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // fails when the client has left
	return nil
}

// sessionMark tells a page's script one session from another: should somebody
// else sign in at the same browser, the page of the first is not left to them.
// It is no way into either.
func sessionMark(token []byte) string {
	sum := sha256.Sum256(append([]byte("page of "), token...))
	return hex.EncodeToString(sum[:8])
}

// watch is what a page of a session needs to watch over it.
func (p *Portal) watch(s *session.Session) *web.Watch {
	return &web.Watch{Session: sessionMark(s.Token), Idle: s.Idle}
}

// showUnattended serves a page that the browser opens by itself, since it may
// have been left alone: by its script at the end of the session, or without
// one by the refresh in <noscript>. It is nobody's action and reads nothing.
// While the session is used in another tab, the page stays hidden.
//
// A Refresh header would come to browsers with scripts as well, and no script
// can call it off once the session has been lengthened: it would take the page
// from under its reader, and ours from under the question. What stands in
// <noscript> is only seen by those for whom the script does not run.
func (p *Portal) showUnattended(w http.ResponseWriter, r *http.Request) error {
	token, ok := p.sessions.Token(r)
	if !ok { // another tab has been told already why it ended
		return fault.New(fault.Ended, errors.New("no session cookie"))
	}
	standing, err := p.store.NotePresence(r.Context(), asking(r.Context(), token))
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Unauthenticated, errors.New("unknown session"))
	}
	if err != nil {
		return err
	}
	if standing.Ended != "" {
		return fault.New(fault.Ended, errors.New("session is over"))
	}
	w.Header().Set("Content-Security-Policy", p.watchedPolicy)
	base := p.bare(r)
	base.Path = p.wayBack(whereabouts(r))
	base.Watch = &web.Watch{Session: sessionMark(token), Idle: standing.IdleIn}
	return p.web.Render(w, http.StatusOK, web.StillOpenPage{Base: base, IdleAt: standing.IdleAt})
}

// keepReturn remembers the page that a session ended on, for whoever signs in
// again (DT9). A form that was sent is not sent again.
func (p *Portal) keepReturn(w http.ResponseWriter, r *http.Request) error {
	token, ok := p.sessions.Token(r)
	path := p.wayBack(whereabouts(r))
	if !ok || r.Method != http.MethodGet || path == "/" {
		return nil
	}
	return p.attempts.KeepReturn(w, p.returnCookie(), auth.Return{Path: path, Session: store.FormerSession(token)})
}

// mayReturn says after which ends a person is brought back: not to what they
// left, nor to what an error of ours or the hospital took them from.
func mayReturn(why record.EndReason) bool {
	switch why {
	case record.EndIdle, record.EndExpired, record.EndPresence, record.EndReplaced:
		return true
	}
	return false
}

// returnTo is where a person who has just signed in goes: to the page that
// their own last session ended on, once, and otherwise to the one given.
func (p *Portal) returnTo(w http.ResponseWriter, r *http.Request, req store.Request, otherwise string) string {
	kept, ok := p.attempts.ReturnOf(r, p.returnCookie())
	if !ok {
		return otherwise
	}
	p.attempts.ForgetReturn(w, p.returnCookie())
	same, err := p.store.SameAccount(r.Context(), req, kept.Session)
	if err != nil || !same { // a comfort: no reason to fail who has signed in
		return otherwise
	}
	return kept.Path
}

func (p *Portal) returnCookie() string { return p.cookieName("return") }

// unattended says whether the browser opens a page by itself. It sends no form
// by itself.
func unattended(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Has(web.Unattended)
}

// parseForm reads a small form that was posted.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	const largest = 16 << 10
	r.Body = http.MaxBytesReader(w, r.Body, largest)
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.NotFound, errors.New("not a form"))
	}
	return nil
}
