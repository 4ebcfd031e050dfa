package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"guichet/record"
)

// Standing is how a session stands. What is left is by the database's clock,
// which alone decides.
type Standing struct {
	Ended  record.EndReason // empty while it lives
	IdleAt time.Time        // when it ends for want of use
	EndsAt time.Time        // when it ends whatever is done (AA13.a)
	IdleIn time.Duration
	EndsIn time.Duration
	Idle   time.Duration // how long it may go unused (DT9.b)
}

type standingRow struct {
	State  string    `db:"state"`
	At     time.Time `db:"at"`
	IdleAt time.Time `db:"idle_at"`
	EndsAt time.Time `db:"ends_at"`
	Idle   int       `db:"idle"` // seconds
}

// NotePresence notes that the browser of a session is there, which is no use
// of it (AA8.c). It returns fault.NotFound where there never was a session.
func (s *Store) NotePresence(ctx context.Context, req Request) (*Standing, error) {
	standing, err := s.standing(ctx, req, `SELECT state, at, idle_at, ends_at, idle FROM guichet.note_presence($1, $2, $3)`)
	if err != nil {
		return nil, fmt.Errorf("note presence: %w", err)
	}
	return standing, nil
}

// ContinueSession says that the person is still there: the session has been
// used. It returns fault.NotFound where there never was a session.
func (s *Store) ContinueSession(ctx context.Context, req Request) (*Standing, error) {
	standing, err := s.standing(ctx, req, `SELECT state, at, idle_at, ends_at, idle FROM guichet.continue_session($1, $2, $3)`)
	if err != nil {
		return nil, fmt.Errorf("continue session: %w", err)
	}
	return standing, nil
}

func (s *Store) standing(ctx context.Context, req Request, query string) (*Standing, error) {
	var row standingRow
	if err := s.get(ctx, &row, query, req.Token, req.ip(), req.ID); err != nil {
		return nil, err
	}
	if row.State != "live" {
		return &Standing{Ended: record.EndReason(row.State)}, nil
	}
	return &Standing{IdleAt: row.IdleAt, EndsAt: row.EndsAt, IdleIn: row.IdleAt.Sub(row.At), EndsIn: row.EndsAt.Sub(row.At),
		Idle: time.Duration(row.Idle) * time.Second}, nil
}

// FormerSession names a session by what the database keeps of its token.
func FormerSession(token []byte) []byte {
	sum := sha256.Sum256(token)
	return sum[:]
}

// SameAccount says whether the session of req is of the same account as a
// former one.
func (s *Store) SameAccount(ctx context.Context, req Request, former []byte) (bool, error) {
	var sessions int64
	if err := s.get(ctx, &sessions, `SELECT guichet.same_account($1, $2)`, req.Token, former); err != nil {
		return false, fmt.Errorf("compare accounts: %w", err)
	}
	return sessions == 1, nil
}
