package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"
)

// NewPool returns a pool of at most so many connections, and what makes it ask
// for that many again.
func NewPool(url string, most int) (db *sql.DB, grow func(), err error) {
	connector, err := pq.NewConnector(url)
	if err != nil {
		return nil, nil, err
	}
	p := newPool(connector, most)
	return p.db, p.grow, nil
}

// Waiting returns how many questions wait for the call in flight to come back.
func (s *Store) Waiting() int {
	s.asks.mu.Lock()
	defer s.asks.mu.Unlock()
	return len(s.asks.queue)
}

// Condemned returns how many sessions the database has yet to be told to end.
func (s *Store) Condemned() int { return len(s.condemned.waiting()) }

// Receive receives nothing for an entry that was asked for so long ago.
func (s *Store) Receive(ctx context.Context, req Request, entry int64, ago time.Duration) error {
	_, err := s.receive(ctx, req, entry, time.Now().Add(-ago))
	return err
}
