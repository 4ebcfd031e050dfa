package certificate

import (
	"crypto/sha256"
	"crypto/tls"
	"io"
	"net/http"
	"sync"
	"time"
)

// recheck is how long a connection goes on before its peer's certificate is
// looked at again: one that was revoked, or has run out, does not outlive its
// connection by more.
const recheck = time.Minute

// Recheck is how often who holds connections of their own should call
// [Checker.Verify] on them.
const Recheck = recheck

// Guard checks the client certificate of connections that are open for long,
// and ends those whose peer is no longer accepted.
func (c *Checker) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || c.verifyAgain(*r.TLS) != nil {
			w.Header().Set("Connection", "close") // in HTTP/2 a GOAWAY
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "certificate not accepted\n")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// verdicts remembers for a while which chains held.
type verdicts struct {
	mu    sync.Mutex // guards until
	until map[[sha256.Size]byte]time.Time
}

func (c *Checker) verifyAgain(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return c.Verify(state) // refuses, and says so
	}
	id, now := sha256.Sum256(state.PeerCertificates[0].Raw), c.now()
	if c.recent.holds(id, now) {
		return nil
	}
	if err := c.Verify(state); err != nil {
		return err
	}
	c.recent.keep(id, now.Add(recheck))
	return nil
}

func (v *verdicts) holds(id [sha256.Size]byte, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	until, known := v.until[id]
	return known && now.Before(until) && !until.After(now.Add(recheck))
}

func (v *verdicts) keep(id [sha256.Size]byte, until time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.until == nil || len(v.until) >= maxHeld {
		v.until = map[[sha256.Size]byte]time.Time{}
	}
	v.until[id] = until
}

// Transport returns a way to servers whose certificates are checked. It opens
// new connections each minute, so that one that is never idle is checked too.
func (c *Checker) Transport(base *http.Transport) http.RoundTripper {
	base = base.Clone()
	base.TLSClientConfig = c.Wrap(base.TLSClientConfig)
	return &renewing{now: c.now, current: base, since: c.now()}
}

// renewing sends requests over connections that are not old.
type renewing struct {
	now func() time.Time

	mu      sync.Mutex // guards current and since
	current *http.Transport
	since   time.Time
}

// RoundTrip implements [http.RoundTripper].
func (r *renewing) RoundTrip(request *http.Request) (*http.Response, error) {
	return r.young().RoundTrip(request)
}

// young returns a transport with connections of the last minute. What is under
// way on the old one ends there, and its connections close with it.
func (r *renewing) young() *http.Transport {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if age := now.Sub(r.since); age >= 0 && age < recheck {
		return r.current
	}
	old := r.current
	r.current, r.since = old.Clone(), now
	old.CloseIdleConnections()
	return r.current
}

// CloseIdleConnections closes what nobody uses.
func (r *renewing) CloseIdleConnections() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.CloseIdleConnections()
}
