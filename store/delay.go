package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"guichet/envelope"
	"guichet/fault"
)

// Delayed is a sign-in that comes before its time (AA7.b): nothing of it was
// evaluated, and it lengthens no wait.
type Delayed struct {
	Wait    time.Duration // from now
	Rung    int           // of the ladder: failures in a row; 0 where too many try at once, or Blocked
	Longest time.Duration // the delay that the ladder ends at
	Blocked bool          // an operator has the address's network wait (AA7.g)
}

func (d *Delayed) Error() string { return "sign-in before its time" }

// busyWait is what is told where an address's delay is held by another
// transaction for longer than the functions wait for it.
const busyWait = 2 * time.Second

// MayTry says whether the request's address may begin a sign-in: it returns
// fault.RateLimited, with a Delayed in its chain, where it must wait.
func (s *Store) MayTry(ctx context.Context, req Request, provider string) error {
	return s.gate(ctx, req.Address, `SELECT wait, rung, longest, blocked FROM guichet.may_try($1, $2, $3)`, req.ip(), req.ID, provider)
}

// BeginTry gives a sign-in its place, before the provider's answer is looked at;
// the entry of how it ended frees it. It returns what MayTry returns.
func (s *Store) BeginTry(ctx context.Context, req Request, provider string) error {
	return s.gate(ctx, req.Address, `SELECT wait, rung, longest, blocked FROM guichet.begin_try($1, $2, $3)`, req.ip(), req.ID, provider)
}

// mayTryAs says the same of a person whom a provider has identified, where
// accounts are delayed too (AA7.c).
func (s *Store) mayTryAs(ctx context.Context, req Request, who Identified) error {
	person, err := s.keys.Blind(envelope.Subject, who.Issuer, who.Subject)
	if err != nil {
		return err
	}
	return s.gate(ctx, req.Address, `SELECT wait, rung, longest, blocked FROM guichet.may_try_as($1, $2, $3, $4)`, req.ip(), req.ID, who.Provider, person)
}

// inLine makes a call that holds the address's delay.
func (s *Store) inLine(ctx context.Context, address netip.Addr, call func() error) error {
	leave, err := s.networks.wait(ctx, networkOf(address))
	if err != nil {
		return err
	}
	defer leave()
	return call()
}

func (s *Store) gate(ctx context.Context, address netip.Addr, query string, args ...any) error {
	var row struct {
		Wait, Longest int64 // microseconds
		Rung          int
		Blocked       bool
	}
	err := s.inLine(ctx, address, func() error { return s.get(ctx, &row, query, args...) })
	if errors.Is(err, errHeld) {
		return fault.New(fault.RateLimited, &Delayed{Wait: busyWait})
	}
	if err != nil {
		return fmt.Errorf("ask for delay: %w", err)
	}
	if row.Wait > 0 {
		return fault.New(fault.RateLimited, &Delayed{Wait: time.Duration(row.Wait) * time.Microsecond, Rung: row.Rung,
			Longest: time.Duration(row.Longest) * time.Microsecond, Blocked: row.Blocked})
	}
	return nil
}
