package main

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// exchange is one request on its way, and all that will be logged of it.
type exchange struct {
	id      string // ours, random: the client's own is never taken over
	client  netip.Addr
	started time.Time
	body    []byte // as inspected; sent on as it is, never logged
	verdict verdict
	failure string // why the portal gave no answer, or the WAF no verdict
}

type exchangeKey struct{}

func (x *exchange) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

// exchangeOf returns the exchange that passed the gate; without one it returns
// an empty one, whose client address vouches for nobody.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{id: uuid.NewString()}
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK && r.status == 0 { // 1xx precede the answer
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(content []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(content)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what it needs.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
