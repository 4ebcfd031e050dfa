package fhir

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"guichet/intake/fhir"
)

// A body must begin within grace, and then arrive at minimumRate: who sends
// more slowly holds nothing but a connection, and not for long.
const (
	defaultGrace = 10 * time.Second
	minimumRate  = 512 << 10 // bytes a second
)

// defaultHeld bounds the bytes of all bodies that are held at once, from their
// first byte to their answer; at least heldBodies of the largest fit.
const (
	defaultHeld = 64 << 20
	heldBodies  = 4
)

// readAtOnce is how much room a body is given before it asks for more.
const readAtOnce = 32 << 10

// budget is how many bytes of bodies are held at once, and how many may be.
type budget struct {
	limit int64
	held  atomic.Int64
}

// take holds n more bytes, unless that would be too many.
func (b *budget) take(n int) bool {
	if b.held.Add(int64(n)) > b.limit {
		b.held.Add(int64(-n))
		return false
	}
	return true
}

func (b *budget) release(n int) { b.held.Add(int64(-n)) }

// body reads the request's body, whole or not at all. What it read counts
// against the budget until release is called.
func (e *exchange) body() (raw []byte, release func(), err error) {
	source := http.MaxBytesReader(e.w, e.r.Body, int64(e.options.Parse.MaxBytes))
	connection := http.NewResponseController(e.w)
	began, held := time.Now(), 0
	release = func() { e.bodies.release(held) }
	for {
		allowed := e.options.Grace + time.Duration(len(raw))*time.Second/minimumRate
		if err := connection.SetReadDeadline(began.Add(allowed)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return nil, release, err
		}
		raw = slices.Grow(raw, readAtOnce)
		n, err := source.Read(raw[len(raw):cap(raw)])
		raw = raw[:len(raw)+n]
		if !e.bodies.take(n) {
			return nil, release, errBusy
		}
		held += n
		switch {
		case errors.Is(err, io.EOF):
			// The deadline was the body's: the connection has its own.
			if err := connection.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return nil, release, err
			}
			return raw, release, nil
		case err != nil:
			return nil, release, err
		}
	}
}

// incomplete answers a request whose body could not be read. Not to answer
// would be to say 200.
func (e *exchange) incomplete(err error) {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		e.refuse(fhir.ReasonTooLarge)
		return
	}
	e.w.Header().Set("Connection", "close") // nobody knows where the next request begins
	switch {
	case errors.Is(err, errBusy):
		e.unavailable(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.refuse(fhir.ReasonTimeout)
	default:
		e.refuse(fhir.ReasonIncomplete)
	}
}
