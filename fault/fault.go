// Package fault says what kind of error happened and which sentence the user
// may see. It holds no data: the text of a fault is an identifier of the
// catalogue in package web, never a value.
package fault

import "errors"

// Kind is what an error means to the person who asked.
type Kind int

const (
	Internal        Kind = iota // the zero value: an unclassified error is ours; the session is closed (DT8)
	Invalid                     // the user can correct it: 422, the form again
	Unauthenticated             // no session: 303 to /
	Ended                       // a session that has ended: 303 to /session-ended (AA8.d)
	Forbidden                   // refused: shown as 404 (DT3)
	NotFound                    // 404, the same page as Forbidden
	Conflict                    // stale version or duplicate: 409
	RateLimited                 // 429 with Retry-After (AA7)
	Unavailable                 // identity provider, database or key service: 503
	Tampered                    // stored data that does not open or does not match its trace: 500 and an alert (DT4.b)
	Unmatched                   // signed in, but not linked to exactly one record (G-2.1-1.a)
)

var names = [...]string{
	Internal: "internal", Invalid: "invalid", Unauthenticated: "unauthenticated", Ended: "ended",
	Forbidden: "forbidden", NotFound: "not-found", Conflict: "conflict", RateLimited: "rate-limited",
	Unavailable: "unavailable", Tampered: "tampered", Unmatched: "unmatched",
}

// String returns the name of k as it stands in logs and metrics.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(names) {
		return names[Internal]
	}
	return names[k]
}

// Error is a classified error.
type Error struct {
	Kind Kind
	Err  error // for the log; never rendered, and without personal data
}

// New classifies err.
func New(kind Kind, err error) *Error { return &Error{Kind: kind, Err: err} }

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Kind.String()
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost Error in err's chain, and Internal
// when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
