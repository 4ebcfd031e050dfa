package store

import (
	"context"
	"errors"
	"fmt"

	"guichet/envelope"

	"github.com/google/uuid"
)

// Quarantine keeps a message that was refused, under the service key since it
// is nobody's yet, with the reason.
func (s *Store) Quarantine(ctx context.Context, req Request, sender, control string, raw []byte, reason string) error {
	id := uuid.Must(uuid.NewV7())
	value, err := s.keys.Blind(envelope.Message, sender, control, string(raw))
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	sealed, err := s.keys.Service().Seal(raw, envelope.Place{Table: "quarantine", Column: "sealed", Record: id.String(), Version: 1})
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.quarantine($1, $2, $3, $4, $5, $6, $7)`, req.Token, req.ip(), req.ID, id, value, reason, sealed); err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	return nil
}

// OpenFeed opens a session under req.Token for a hospital system, known by
// its certificate's fingerprint.
func (s *Store) OpenFeed(ctx context.Context, req Request, fingerprint, name string, limits Limits) error {
	err := s.openFeed(ctx, req, fingerprint, name, limits)
	if errors.Is(err, errAgain) {
		err = s.openFeed(ctx, req, fingerprint, name, limits)
	}
	if err != nil {
		return fmt.Errorf("open feed: %w", err)
	}
	return nil
}

func (s *Store) openFeed(ctx context.Context, req Request, fingerprint, name string, limits Limits) error {
	account := uuid.Must(uuid.NewV7())
	sealed, err := seal(s.keys.Service(), accountPayload{Name: name}, envelope.Place{Table: "account", Column: "sealed", Record: account.String(), Version: 1})
	if err != nil {
		return err
	}
	certificate, err := s.keys.Blind(envelope.Subject, "certificate", fingerprint)
	if err != nil {
		return err
	}
	var entry int64
	return s.get(ctx, &entry, `SELECT guichet.open_feed($1, $2, $3, $4, $5, $6, $7)`, req.Token, req.ip(), req.ID, certificate, account, sealed, interval(limits.Lifetime))
}
