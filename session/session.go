// Package session is the one user of scs: the cookie, and what is kept of a
// session under its token. Whether a session lives is the database's to say;
// this package asks it, at most every few seconds for one token, for requests
// whose reads are decided there again (architecture 5).
//
// It trusts its Keeper. It promises that a token is made anew at each sign-in
// (AA10), that no session is begun but by Begin, and that nobody else writes
// the cookie.
package session

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"sync"
	"time"

	"guichet/fault"
	"guichet/record"

	"github.com/alexedwards/scs/v2"
)

// TokenSize is the length of a session token in bytes.
const TokenSize = 32

// State is what the keeper knows of a token.
type State struct {
	Ended  record.EndReason // empty while it lives
	At     time.Time        // when it ended, or will for want of use
	Values []byte           // what was kept last
}

// A Keeper keeps sessions. Load returns fault.NotFound for a token that never
// was one. End ends the session of a token whose browser signs in again.
type Keeper interface {
	Load(ctx context.Context, token []byte) (*State, error)
	Save(ctx context.Context, token, values []byte) error
	End(ctx context.Context, token []byte) error
}

// Options say how sessions look in the browser.
type Options struct {
	CookieSuffix string        // the port, where several installations share a host name
	Lifetime     time.Duration // at most
	Remember     time.Duration // how long a loaded session is believed; 0 means 5 s
	Now          func() time.Time
}

// Manager is the sessions of one listener. It is safe for concurrent use.
type Manager struct {
	keeper   Keeper
	scs      *scs.SessionManager
	remember time.Duration
	now      func() time.Time

	mu    sync.Mutex // guards known
	known map[string]known
}

type known struct {
	state *State
	until time.Time
}

// maxKnown bounds what is remembered; beyond it everything is asked for anew.
const maxKnown = 10_000

// New makes the sessions of a listener.
func New(keeper Keeper, o Options) *Manager {
	m := &Manager{keeper: keeper, scs: scs.New(), remember: o.Remember, now: o.Now, known: make(map[string]known)}
	if m.remember == 0 {
		m.remember = 5 * time.Second
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.scs.Store = bridge{m}
	m.scs.Lifetime = o.Lifetime
	// __Host-: this host alone, TLS alone, the whole site. Lax, since a
	// provider sends the browser back from another site. Not persistent: it
	// goes with the browser (DT10).
	m.scs.Cookie.Name = cookieName(o.CookieSuffix)
	m.scs.Cookie.Path = "/"
	m.scs.Cookie.Secure = true
	m.scs.Cookie.HttpOnly = true
	m.scs.Cookie.SameSite = http.SameSiteLaxMode
	m.scs.Cookie.Persist = false
	// The idle limit is the database's (DT9); scs would write at each request.
	m.scs.IdleTimeout = 0
	return m
}

func cookieName(suffix string) string {
	if suffix == "" {
		return "__Host-guichet"
	}
	return "__Host-guichet-" + suffix
}

// Session is the session of one request.
type Session struct {
	Token   []byte // TokenSize bytes
	Ended   record.EndReason
	EndedAt time.Time

	manager *Manager
	ctx     context.Context // holds what scs loaded
}

// Open returns the session that r's cookie names. It returns
// fault.Unauthenticated where there is none, and a session with Ended set
// where it is over.
func (m *Manager) Open(r *http.Request) (*Session, error) {
	cookie, err := r.Cookie(m.scs.Cookie.Name)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated, errors.New("no session cookie"))
	}
	token, err := decode(cookie.Value)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated, err)
	}
	state, err := m.load(r.Context(), token)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.New(fault.Unauthenticated, errors.New("unknown session"))
	}
	if err != nil {
		return nil, err
	}
	s := &Session{Token: token, Ended: state.Ended, manager: m}
	if state.Ended != "" {
		s.EndedAt = state.At
		return s, nil
	}
	s.ctx, err = m.scs.Load(r.Context(), cookie.Value)
	return s, err
}

// Token returns the token that r's cookie holds, without asking whether there
// is such a session.
func (m *Manager) Token(r *http.Request) ([]byte, bool) {
	cookie, err := r.Cookie(m.scs.Cookie.Name)
	if err != nil {
		return nil, false
	}
	token, err := decode(cookie.Value)
	return token, err == nil
}

// Begin makes a new token for someone who is about to be signed in. What an
// older session of this browser kept is left behind, and that session ended.
func (m *Manager) Begin(r *http.Request) (*Session, error) {
	ctx := r.Context()
	if token, ok := m.Token(r); ok {
		m.forget(token)
		if err := m.keeper.End(ctx, token); err != nil {
			return nil, err
		}
	}
	ctx, err := m.scs.Load(ctx, "")
	if err != nil {
		return nil, err
	}
	if err := m.scs.RenewToken(ctx); err != nil {
		return nil, err
	}
	token, err := decode(m.scs.Token(ctx))
	if err != nil {
		return nil, err
	}
	return &Session{Token: token, manager: m, ctx: ctx}, nil
}

// Put keeps a value until Save.
func (s *Session) Put(name, value string) { s.manager.scs.Put(s.ctx, name, value) }

// Value returns a value that was kept, or "".
func (s *Session) Value(name string) string {
	if s.ctx == nil {
		return ""
	}
	return s.manager.scs.GetString(s.ctx, name)
}

// Save keeps the session's values and gives the browser its cookie.
func (s *Session) Save(w http.ResponseWriter) error {
	token, expiry, err := s.manager.scs.Commit(s.ctx)
	if err != nil {
		return err
	}
	s.manager.scs.WriteSessionCookie(s.ctx, w, token, expiry)
	return nil
}

// Forget makes the next request ask the database again: the session has
// ended, or is about to.
func (s *Session) Forget() { s.manager.forget(s.Token) }

// Clear takes the cookie from the browser.
func (m *Manager) Clear(w http.ResponseWriter) {
	m.scs.WriteSessionCookie(context.Background(), w, "", time.Time{})
}

func (m *Manager) load(ctx context.Context, token []byte) (*State, error) {
	now := m.now()
	m.mu.Lock()
	entry, ok := m.known[string(token)]
	m.mu.Unlock()
	if ok && now.Before(entry.until) {
		return entry.state, nil
	}
	state, err := m.keeper.Load(ctx, token)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	if state.Ended == "" && state.Values != nil {
		m.known[string(token)] = known{state: state, until: now.Add(m.remember)}
	} else {
		delete(m.known, string(token))
	}
	return state, nil
}

func (m *Manager) forget(token []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, string(token))
}

// decode returns the bytes of a token as scs writes it.
func decode(token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != TokenSize || base64.RawURLEncoding.EncodeToString(b) != token {
		return nil, errors.New("not a session token")
	}
	return b, nil
}

// bridge gives scs what the keeper keeps. Tokens are hashed in the database,
// which is given the raw one (W8).
type bridge struct{ m *Manager }

func (b bridge) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	raw, err := decode(token)
	if err != nil {
		return nil, false, nil
	}
	state, err := b.m.load(ctx, raw)
	if err != nil {
		return nil, false, err
	}
	return state.Values, state.Ended == "" && state.Values != nil, nil
}

func (b bridge) CommitCtx(ctx context.Context, token string, values []byte, _ time.Time) error {
	raw, err := decode(token)
	if err != nil {
		return err
	}
	b.m.forget(raw)
	return b.m.keeper.Save(ctx, raw, values)
}

func (b bridge) DeleteCtx(ctx context.Context, token string) error {
	raw, err := decode(token)
	if err != nil {
		return err
	}
	b.m.forget(raw)
	return b.m.keeper.End(ctx, raw)
}

// The forms without a context are part of scs.Store; scs prefers the others.

func (b bridge) Find(token string) ([]byte, bool, error) {
	return b.FindCtx(context.Background(), token)
}

func (b bridge) Commit(token string, values []byte, expiry time.Time) error {
	return b.CommitCtx(context.Background(), token, values, expiry)
}

func (b bridge) Delete(token string) error { return b.DeleteCtx(context.Background(), token) }
