package fhir

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"sync"
	"time"

	"guichet/fault"
	"guichet/store"
)

// lifetime bounds a system's session, and idle is after how long without a
// request it is closed.
const (
	lifetime = 24 * time.Hour
	idle     = 15 * time.Minute
)

// closing bounds how long the end of a session may take to be traced.
const closing = 5 * time.Second

// lines are the open sessions, one for each client certificate: HTTP opens
// connections as it likes, and one session per request would fill the traces
// with openings that say nothing (TR1.b).
type lines struct {
	store *store.Store
	warn  func(error)

	mu     sync.Mutex // guards what follows
	open   map[string]*line
	closed bool
}

// line is the session of one system.
type line struct {
	fingerprint string
	name        string

	opening sync.Mutex // held while a session is opened, guards token
	token   []byte

	used time.Time // guarded by lines.mu
}

func newLines(s *store.Store, warn func(error)) *lines {
	return &lines{store: s, warn: warn, open: make(map[string]*line)}
}

// with does something in the session of a certificate, and once more in a new
// one where it had ended.
func (l *lines) with(ctx context.Context, certificate *x509.Certificate, req store.Request, do func(store.Request) error) error {
	one, stale, err := l.line(certificate)
	for _, old := range stale {
		l.end(old, req)
	}
	if err != nil {
		return err
	}
	var spent []byte
	for attempt := 0; ; attempt++ {
		if req.Token, err = one.session(ctx, l.store, req, spent); err != nil {
			return err
		}
		if err = do(req); fault.KindOf(err) != fault.Ended || attempt > 0 {
			return err
		}
		spent = req.Token
	}
}

// line returns the line of a certificate, and those that nobody has used for
// long, which are no longer open.
func (l *lines) line(certificate *x509.Certificate) (one *line, stale []*line, _ error) {
	sum := sha256.Sum256(certificate.Raw)
	fingerprint := hex.EncodeToString(sum[:])
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, fault.New(fault.Unavailable, errClosed)
	}
	for key, old := range l.open {
		if key != fingerprint && now.Sub(old.used) > idle {
			delete(l.open, key)
			stale = append(stale, old)
		}
	}
	one = l.open[fingerprint]
	if one == nil {
		one = &line{fingerprint: fingerprint, name: systemName(certificate)}
		l.open[fingerprint] = one
	}
	one.used = now
	return one, stale, nil
}

// session returns the token of the line's session, and opens one where there
// is none yet or the last one is spent.
func (one *line) session(ctx context.Context, s *store.Store, req store.Request, spent []byte) ([]byte, error) {
	one.opening.Lock()
	defer one.opening.Unlock()
	if one.token != nil && string(one.token) != string(spent) {
		return one.token, nil
	}
	req.Token = make([]byte, store.TokenSize)
	_, _ = rand.Read(req.Token) // never fails
	if err := s.OpenFeed(ctx, req, one.fingerprint, one.name, store.Limits{Lifetime: lifetime}); err != nil {
		return nil, err
	}
	one.token = req.Token
	return one.token, nil
}

// end closes a line's session.
func (l *lines) end(one *line, req store.Request) {
	one.opening.Lock()
	defer one.opening.Unlock()
	if one.token == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	req.Token = one.token
	if err := l.store.EndSession(ctx, req, "closed"); err != nil {
		l.warn(err)
	}
	one.token = nil
}

// close ends every session. No other is opened after it.
func (l *lines) close(req store.Request) {
	l.mu.Lock()
	l.closed = true
	list := l.open
	l.open = nil
	l.mu.Unlock()
	for _, one := range list {
		l.end(one, req)
	}
}

// systemName is what the access log calls the sender.
func systemName(certificate *x509.Certificate) string {
	if name := certificate.Subject.CommonName; name != "" {
		return name
	}
	return "système de l’hôpital"
}
