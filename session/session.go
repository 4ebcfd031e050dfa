// Package session is the one user of scs: the cookie, and what is kept of a
// session under its token. Whether a session lives is the database's to say;
// this package asks it, at most every few seconds for one token, for requests
// whose reads are decided there again (architecture 5).
//
// It trusts its Keeper. It promises that a token is made anew at each sign-in
// (AA10), that no session is begun but by Begin, and that nobody else writes
// the cookies.
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
	Ended          record.EndReason // empty while it lives, or waits
	Waits          bool             // for another session of its account
	At             time.Time        // when it ended, or will for want of use
	Values         []byte           // what was kept last
	Idle, Lifetime time.Duration    // the limits in force
	Other          Other            // what replaced it, or what it waits for
}

// Other is what may be told of the session that stands in this one's way.
type Other struct {
	Since, Seen time.Time // when it was opened, and last used
	Provider    string
	Near        bool // from the same network
}

// A Keeper keeps sessions. Load returns fault.NotFound for a token that never
// was one; used says whether the person did something (DT9).
type Keeper interface {
	Load(ctx context.Context, token []byte, used bool) (*State, error)
	Save(ctx context.Context, token, values []byte) error
}

// Options say how sessions look in the browser.
type Options struct {
	CookieSuffix string        // the port, where several installations share a host name
	Remember     time.Duration // how long a loaded session is believed; 0 means 5 s
	Now          func() time.Time
}

// Manager is the sessions of one listener. It is safe for concurrent use.
type Manager struct {
	keeper   Keeper
	scs      *scs.SessionManager
	over     string // name of the cookie of a session that is over
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
	m.scs.Lifetime = 24 * time.Hour // longer than any limit: they are the database's (AA13)
	// __Host-: this host alone, TLS alone, the whole site. Lax, since a
	// provider sends the browser back from another site. Not persistent: it
	// goes with the browser (DT10).
	m.scs.Cookie.Name = cookieName("__Host-guichet", o.CookieSuffix)
	m.over = cookieName("__Host-guichet-over", o.CookieSuffix)
	m.scs.Cookie.Path = "/"
	m.scs.Cookie.Secure = true
	m.scs.Cookie.HttpOnly = true
	m.scs.Cookie.SameSite = http.SameSiteLaxMode
	m.scs.Cookie.Persist = false
	// The idle limit is the database's (DT9); scs would write at each request.
	m.scs.IdleTimeout = 0
	return m
}

func cookieName(name, suffix string) string {
	if suffix == "" {
		return name
	}
	return name + "-" + suffix
}

// Session is the session of one request.
type Session struct {
	State
	Token []byte // TokenSize bytes

	manager *Manager
	ctx     context.Context // holds the values that scs changes
	kept    map[string]any  // those of a session that is over
}

// Open returns the session that r's cookie names, for something that its
// person does. It returns fault.Unauthenticated where there is none, and a
// session with Ended or Waits set where it opens nothing.
func (m *Manager) Open(r *http.Request) (*Session, error) {
	return m.find(r, m.scs.Cookie.Name, true)
}

// Look is Open for what is no action: a page that comes back by itself (DT9).
func (m *Manager) Look(r *http.Request) (*Session, error) {
	return m.find(r, m.scs.Cookie.Name, false)
}

// Past returns the session that was over when SetAside took it from this
// browser.
func (m *Manager) Past(r *http.Request) (*Session, error) { return m.find(r, m.over, false) }

func (m *Manager) find(r *http.Request, name string, used bool) (*Session, error) {
	token, err := tokenIn(r, name)
	if err != nil {
		return nil, fault.New(fault.Unauthenticated, err)
	}
	state, err := m.load(r.Context(), token, used)
	if fault.KindOf(err) == fault.NotFound {
		return nil, fault.New(fault.Unauthenticated, errors.New("unknown session"))
	}
	if err != nil {
		return nil, err
	}
	s := &Session{Token: token, State: *state, manager: m}
	if state.Ended == "" {
		s.ctx, err = m.scs.Load(r.Context(), encode(token))
		return s, err
	}
	if state.Values != nil {
		if _, s.kept, err = m.scs.Codec.Decode(state.Values); err != nil {
			return nil, errors.New("what a session kept is not readable")
		}
	}
	return s, nil
}

// Token returns the token that r's cookie holds, without asking whether there
// is such a session.
func (m *Manager) Token(r *http.Request) ([]byte, bool) {
	token, err := tokenIn(r, m.scs.Cookie.Name)
	return token, err == nil
}

func tokenIn(r *http.Request, name string) ([]byte, error) {
	cookie, err := r.Cookie(name)
	if err != nil {
		return nil, errors.New("no session cookie")
	}
	return decode(cookie.Value)
}

// Begin makes a new token for someone who is about to be signed in. What an
// older session of this browser kept is left behind; its end is the database's.
func (m *Manager) Begin(r *http.Request) (*Session, error) {
	if token, ok := m.Token(r); ok {
		m.forget(token)
	}
	ctx, err := m.scs.Load(r.Context(), "")
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
		value, _ := s.kept[name].(string)
		return value
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

// Clear takes the cookies from the browser.
func (m *Manager) Clear(w http.ResponseWriter) {
	m.scs.WriteSessionCookie(context.Background(), w, "", time.Time{})
	m.setOver(w, "")
}

// SetAside takes the cookie of a session that is over from the browser, and
// gives it back under another name: it opens nothing there, and for an hour its
// holder can say that it was not them (AA8.e), or close the provider's session.
func (s *Session) SetAside(w http.ResponseWriter) {
	s.manager.scs.WriteSessionCookie(context.Background(), w, "", time.Time{})
	s.manager.setOver(w, encode(s.Token))
}

const asideFor = time.Hour

func (m *Manager) setOver(w http.ResponseWriter, value string) {
	c := &http.Cookie{Name: m.over, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(asideFor.Seconds())}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// load asks the keeper, or believes what it said some seconds ago of a session
// that lives.
func (m *Manager) load(ctx context.Context, token []byte, used bool) (*State, error) {
	now := m.now()
	m.mu.Lock()
	entry, ok := m.known[string(token)]
	m.mu.Unlock()
	if ok && now.Before(entry.until) {
		return entry.state, nil
	}
	state, err := m.keeper.Load(ctx, token, used)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	if state.Ended == "" && !state.Waits && state.Values != nil {
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

func encode(token []byte) string { return base64.RawURLEncoding.EncodeToString(token) }

// decode returns the bytes of a token as scs writes it.
func decode(token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != TokenSize || encode(b) != token {
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
	state, err := b.m.load(ctx, raw, false)
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

// DeleteCtx is part of scs.Store; sessions are never deleted but end, each for
// its reason, in the database.
func (b bridge) DeleteCtx(context.Context, string) error {
	return errors.New("a session ends in the database")
}

// The forms without a context are part of scs.Store; scs prefers the others.

func (b bridge) Find(token string) ([]byte, bool, error) {
	return b.FindCtx(context.Background(), token)
}

func (b bridge) Commit(token string, values []byte, expiry time.Time) error {
	return b.CommitCtx(context.Background(), token, values, expiry)
}

func (b bridge) Delete(token string) error { return b.DeleteCtx(context.Background(), token) }
