package store

import (
	"context"
	"fmt"
	"time"

	"guichet/fault"
)

// Alert is what an operator must see: its kind, when, and the entry that says
// the rest. It names nobody.
type Alert struct {
	Kind  string
	Entry int64
	At    time.Time
}

// maxAlerts bounds what one call of AnnounceAlerts announces.
const maxAlerts = 100

// AnnounceAlerts calls announce for each alert that no process has announced
// yet. Should the process die on the way, another announces them: rather twice
// than not at all.
func (s *Store) AnnounceAlerts(ctx context.Context, announce func(Alert)) error {
	err := s.together(ctx, func(ctx context.Context, get getter) error {
		for range maxAlerts {
			var a Alert
			err := get(ctx, &a, `SELECT kind, entry, at FROM guichet.take_alert()`)
			if fault.KindOf(err) == fault.NotFound {
				return nil
			}
			if err != nil {
				return err
			}
			announce(a)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("announce alerts: %w", err)
	}
	return nil
}
