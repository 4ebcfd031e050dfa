// Package witness checks, after each sign-in, what it rests on: the provider's
// signed ID token, which the portal had to leave with it. It runs under a role
// of its own, best in a process of its own: whoever holds the portal's database
// password can open a session, and not one that passes unnoticed (W7).
//
// It trusts the providers' keys. It decides nothing about people: it says what
// a token is, and the database compares that with the sign-in.
package witness

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"guichet/auth"
	"guichet/fault"
	"guichet/store"

	"github.com/google/uuid"
)

const (
	pause        = 2 * time.Second // between two looks
	longestPause = time.Minute     // while something cannot be looked at
	lifetime     = time.Hour       // of the witness's own session
)

// Options are what a witness is made of.
type Options struct {
	Store     *store.Store // as guichet_sequencer
	Providers []*auth.Provider
	Log       *slog.Logger
}

// Witness checks sign-ins.
type Witness struct {
	store     *store.Store
	providers []*auth.Provider
	log       *slog.Logger
	token     []byte // of its session; nil without one
}

// New returns a witness of sign-ins at the providers given.
func New(o Options) *Witness {
	return &Witness{store: o.Store, providers: o.Providers, log: o.Log}
}

// Serve checks until ctx ends. What cannot be checked now is tried again, less
// and less often: a sign-in that stays unchecked raises an alert of its own.
func (w *Witness) Serve(ctx context.Context) error {
	wait := pause
	for {
		if err := w.Check(ctx); err != nil {
			w.log.Warn("check sign-ins", "error", err.Error())
			wait = min(2*wait, longestPause)
		} else {
			wait = pause
		}
		select {
		case <-ctx.Done():
			w.close(context.WithoutCancel(ctx))
			return nil
		case <-time.After(wait):
		}
	}
}

// Check looks at every sign-in that nobody has checked yet, and keeps the house,
// whatever the portal does.
func (w *Witness) Check(ctx context.Context) error {
	var err error
	for _, p := range w.providers {
		err = errors.Join(err, w.checkProvider(ctx, p))
	}
	return errors.Join(err, w.store.Housekeep(ctx))
}

// checkProvider looks at the sign-ins at one provider: another that is down
// holds up none of them.
func (w *Witness) checkProvider(ctx context.Context, p *auth.Provider) error {
	for ctx.Err() == nil {
		list, err := w.read(ctx, p.Name())
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			if err := w.check(ctx, p, e); err != nil {
				return fmt.Errorf("check a sign-in at %s: %w", p.Name(), err)
			}
		}
	}
	return nil
}

// read is tried once more where the witness's own session is over.
func (w *Witness) read(ctx context.Context, provider string) ([]store.SignedIn, error) {
	var list []store.SignedIn
	var err error
	for range 2 {
		if err = w.open(ctx); err != nil {
			return nil, err
		}
		list, err = w.store.ReadEvidence(ctx, w.request(), provider)
		if kind := fault.KindOf(err); err == nil || kind != fault.Ended && kind != fault.NotFound {
			break
		}
		w.token = nil
	}
	return list, err
}

// check returns an error where nothing can be said about e now.
func (w *Witness) check(ctx context.Context, p *auth.Provider, e store.SignedIn) error {
	if e.IDToken == "" {
		return w.store.CheckEvidence(ctx, w.request(), e, store.DoesNotOpen, "", store.Evidence{}, e.At)
	}
	proof, err := p.Prove(ctx, e.IDToken)
	switch {
	case err == nil:
		says := store.Evidence{Subject: proof.Subject, Nonce: proof.Nonce}
		return w.store.CheckEvidence(ctx, w.request(), e, store.Signed, p.Issuer(), says, proof.Issued)
	case fault.KindOf(err) == fault.Unavailable:
		return err
	default:
		return w.store.CheckEvidence(ctx, w.request(), e, store.NotSigned, "", store.Evidence{}, e.At)
	}
}

func (w *Witness) request() store.Request {
	return store.Request{Token: w.token, Address: netip.IPv6Loopback(), ID: uuid.New()}
}

func (w *Witness) open(ctx context.Context) error {
	if w.token != nil {
		return nil
	}
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	w.token = token
	err := w.store.OpenWitness(ctx, w.request(), store.Limits{Lifetime: lifetime})
	if err != nil {
		w.token = nil
	}
	return err
}

func (w *Witness) close(ctx context.Context) {
	if w.token == nil {
		return
	}
	if err := w.store.EndSession(ctx, w.request(), "closed"); err != nil {
		w.log.Warn("close the witness's session", "error", err.Error())
	}
}
