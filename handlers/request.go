package handlers

import (
	"context"
	"crypto/rand"
	"net/netip"

	"guichet/fault"
	"guichet/session"

	"github.com/google/uuid"
)

// Request is what is known of one request, filled as it is served and logged
// once at its end.
type Request struct {
	ID        uuid.UUID  // named in traces
	Reference string     // shown to people on error pages; random, of fixed length
	Address   netip.Addr // the client's, as the WAF says
	Route     string     // its template, never the path with its identifiers
	Err       error      // what went wrong, if anything; holds no data

	Session *session.Session // nil without one; never logged
	Greeted func()           // called by the page that greets its reader; nil where that was done
}

// Kind is the kind of what went wrong.
func (r *Request) Kind() fault.Kind { return fault.KindOf(r.Err) }

type requestKey struct{}

// RequestOf returns the request under way, or an empty one outside of any.
func RequestOf(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// WithRequest returns a context for r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// newReference returns a reference such as G7K2-41QF: easy to say on the
// telephone, and no counter.
func newReference() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's: no I, L, O, U
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b[:4]) + "-" + string(b[4:])
}
