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
	ID    int64 // the same whoever tells it, however often
	Kind  string
	Entry int64
	At    time.Time
}

// maxAlerts bounds what one call of AnnounceAlerts announces.
const maxAlerts = 100

// AnnounceAlerts calls announce for each alert that no process of this role has
// told by a channel yet, and stops at the first that announce returns an error
// for: it is tried again later, by whatever process. So is one whose process
// dies on the way: rather twice than not at all. An alert belongs to its caller
// for a minute, in which announce must be done.
//
// Alerts older than oldest are told no more; zero means that all are.
func (s *Store) AnnounceAlerts(ctx context.Context, channel string, oldest time.Duration, announce func(context.Context, Alert) error) error {
	for range maxAlerts {
		var a Alert
		err := s.get(ctx, &a, `SELECT id, kind, entry, at FROM guichet.take_alert($1, $2::interval)`, channel, since(oldest))
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return fmt.Errorf("announce alerts: %w", err)
		}
		if err := announce(ctx, a); err != nil {
			return fmt.Errorf("announce alerts: %w", err)
		}
		if err := s.run(ctx, `SELECT guichet.note_told($1, $2)`, channel, a.ID); err != nil {
			return fmt.Errorf("announce alerts: %w", err)
		}
	}
	return nil
}

// WaitingAlerts returns how many alerts this role has not told by a channel, and
// still means to.
func (s *Store) WaitingAlerts(ctx context.Context, channel string, oldest time.Duration) (int, error) {
	var n int
	if err := s.get(ctx, &n, `SELECT guichet.waiting_alerts($1, $2::interval)`, channel, since(oldest)); err != nil {
		return 0, fmt.Errorf("count alerts: %w", err)
	}
	return n, nil
}

// since is how far back, NULL for as far as there is.
func since(oldest time.Duration) *string {
	if oldest == 0 {
		return nil
	}
	text := interval(oldest)
	return &text
}
