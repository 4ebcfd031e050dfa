package store

import (
	"context"
	"errors"
	"fmt"

	"guichet/envelope"
	"guichet/record"

	"github.com/google/uuid"
)

// OpenFeed opens a session under req.Token for a hospital system, known by
// its certificate's fingerprint.
func (s *Store) OpenFeed(ctx context.Context, req Request, fingerprint, name string, limits Limits) error {
	if err := s.openSystem(ctx, req, record.RoleFeed, "certificate", fingerprint, name, limits); err != nil {
		return fmt.Errorf("open feed: %w", err)
	}
	return nil
}

// RefuseFeed leaves the entry of a system that was not let in: it is
// "unregistered", or its "certificate" does not hold.
func (s *Store) RefuseFeed(ctx context.Context, req Request, reason string) error {
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.refuse_feed($1, $2, $3)`, req.ip(), req.ID, reason); err != nil {
		return fmt.Errorf("refuse feed: %w", err)
	}
	return nil
}

// OpenOperator opens a session under req.Token for whoever runs a command on
// the machine itself, known by the name of their account there.
func (s *Store) OpenOperator(ctx context.Context, req Request, name string, limits Limits) error {
	if err := s.openSystem(ctx, req, record.RoleOperator, "system", name, name, limits); err != nil {
		return fmt.Errorf("open operator: %w", err)
	}
	return nil
}

// OpenWitness opens a session under req.Token for the process that checks what
// sign-ins rest on.
func (s *Store) OpenWitness(ctx context.Context, req Request, limits Limits) error {
	if err := s.openSystem(ctx, req, record.RoleWitness, "process", "witness", "guichet", limits); err != nil {
		return fmt.Errorf("open witness: %w", err)
	}
	return nil
}

// OpenCourier opens a session under req.Token for the process that sends traces to
// a receiver outside, by the name that the configuration gives that.
func (s *Store) OpenCourier(ctx context.Context, req Request, receiver string, limits Limits) error {
	if err := s.openSystem(ctx, req, record.RoleCourier, "courier", receiver, receiver, limits); err != nil {
		return fmt.Errorf("open courier: %w", err)
	}
	return nil
}

// openSystem opens a session for what is known by a mark of some kind.
func (s *Store) openSystem(ctx context.Context, req Request, role record.Role, kind, mark, name string, limits Limits) error {
	subject, err := s.keys.Blind(envelope.Subject, kind, mark)
	if err != nil {
		return err
	}
	open := func() error {
		account := uuid.Must(uuid.NewV7())
		sealed, err := seal(s.keys.Service(), accountPayload{Name: name}, envelope.Place{Table: "account", Column: "sealed", Record: account.String(), Version: 1})
		if err != nil {
			return err
		}
		var entry int64
		return s.get(ctx, &entry, `SELECT guichet.open_system($1, $2, $3, $4, $5, $6, $7, $8)`,
			req.Token, req.ip(), req.ID, string(role), subject, account, sealed, interval(limits.Lifetime))
	}
	if err = open(); errors.Is(err, errAgain) { // the same system came in by another door just now
		err = open()
	}
	return err
}
