package handlers

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"guichet/fault"

	"github.com/google/uuid"
)

// Around is the middleware of a listener behind the WAF. It stands around the
// whole router, since mux runs its own middleware on a match only.
type Around struct {
	Log     *slog.Logger
	Metrics *Metrics
	Fail    func(http.ResponseWriter, *http.Request, error)
	Policy  string // Content-Security-Policy
	Host    string // of the public URL; any other is refused
}

// Wrap returns next inside the middleware.
func (a Around) Wrap(next http.Handler) http.Handler {
	return a.event(a.headers(a.recovery(a.host(a.crossOrigin(next)))))
}

// event gives the request its number and reference, and logs it once: route,
// status and kind of error, never a path, a parameter or a header.
func (a Around) event(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		req := &Request{ID: requestID(r), Reference: newReference(), Address: clientAddress(r), Peer: PeerAddress(r)}
		counted := &countedWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(counted, r.WithContext(WithRequest(r.Context(), req)))
		took := time.Since(began)
		a.Metrics.request(req.Route, r.Method, counted.status, took)
		attributes := []any{"request", req.ID, "reference", req.Reference, "method", r.Method, "route", req.Route, "status", counted.status,
			"bytes", counted.bytes, "ms", took.Milliseconds(), "client", req.Address.String()}
		if req.Peer != req.Address { // TR2.d
			attributes = append(attributes, "peer", req.Peer.String())
		}
		if _, clear := forwardedAddress(r); !clear && isProxy(r) { // TR2.f
			attributes = append(attributes, "forwarded", "unclear")
		}
		if req.Err == nil {
			a.Log.Info("request", attributes...)
			return
		}
		attributes = append(attributes, "kind", req.Kind().String(), "error", req.Err.Error())
		switch req.Kind() {
		case fault.Internal:
			a.Log.Error("request", attributes...)
		case fault.Tampered: // until alerts exist, this line and its metric are one
			a.Metrics.Tampered.Inc()
			a.Log.Error("alert: stored data does not open or does not match its trace", attributes...)
		case fault.Unavailable:
			a.Log.Warn("request", attributes...)
		default:
			a.Log.Info("request", attributes...)
		}
	})
}

// headers sets what every answer carries (RECOWEB, ASVS V3.4).
func (a Around) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", a.Policy)
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Origin-Agent-Cluster", "?1")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		h.Set("Cache-Control", "no-store") // DT10, DT13; static files set their own
		next.ServeHTTP(w, r)
	})
}

// recovery turns a panic into an internal error, which closes the session
// (DT8). What was panicked with may hold data: only where is kept.
func (a Around) recovery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.Fail(w, r, fmt.Errorf("panic of type %T at %s", p, where()))
		}()
		next.ServeHTTP(w, r)
	})
}

// where names the functions on the stack below a panic.
func where() string {
	var pcs [24]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	var names []string
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "guichet/") {
			names = append(names, fmt.Sprintf("%s:%d", f.Function, f.Line))
		}
		if !more {
			return strings.Join(names, " < ")
		}
	}
}

func (a Around) host(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != a.Host {
			a.Fail(w, r, fault.New(fault.NotFound, errors.New("another host name")))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ErrCrossOrigin is what a request from another site's page fails with.
var ErrCrossOrigin = errors.New("cross-origin request")

// crossOrigin refuses changes that another site's page asks for.
func (a Around) crossOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Fail(w, r, fault.New(fault.Forbidden, ErrCrossOrigin))
	}))
	return protection.Handler(next)
}

// requestID takes the WAF's number of the request, so that both logs tell one
// story; the peer is the WAF, whose certificate has been checked.
func requestID(r *http.Request) uuid.UUID {
	if id, err := uuid.Parse(r.Header.Get("X-Request-Id")); err == nil && isProxy(r) {
		return id
	}
	return uuid.New()
}

// isProxy reports whether the peer is the WAF: it has shown the certificate that
// the listener is configured to want. Of nobody else is a word believed (TR2.e).
func isProxy(r *http.Request) bool { return r.TLS != nil && len(r.TLS.VerifiedChains) > 0 }

// clientAddress is the address that the WAF saw (TR2.d), or the peer's where the
// peer is somebody else, or says nothing clear.
func clientAddress(r *http.Request) netip.Addr {
	if address, clear := forwardedAddress(r); clear && isProxy(r) {
		return address
	}
	return PeerAddress(r)
}

// forwardedAddress reads the one header, of one address, that the WAF sets: it has
// stripped what the client claimed.
func forwardedAddress(r *http.Request) (netip.Addr, bool) {
	values := r.Header.Values("X-Forwarded-For")
	if len(values) != 1 {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(values[0])
	return address.Unmap().WithZone(""), err == nil
}

// PeerAddress is who is at the other end of the connection.
func PeerAddress(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	return address.Unmap().WithZone("")
}

// countedWriter notes status and size.
type countedWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *countedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *countedWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through.
func (w *countedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
