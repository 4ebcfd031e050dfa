package store

import (
	"context"
	"fmt"
)

// Housekeep does what nobody waits for: it is called every few seconds.
func (s *Store) Housekeep(ctx context.Context) error {
	if err := s.run(ctx, `SELECT guichet.watch_connections()`); err != nil { // first: what is held may hold up the rest
		return fmt.Errorf("housekeep: %w", err)
	}
	if err := s.endCondemned(ctx); err != nil {
		return fmt.Errorf("housekeep: %w", err)
	}
	if err := s.run(ctx, `SELECT guichet.housekeep()`); err != nil {
		return fmt.Errorf("housekeep: %w", err)
	}
	return nil
}
