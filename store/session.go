package store

import (
	"context"
	"fmt"
	"time"

	"guichet/envelope"
	"guichet/record"
	"guichet/traces"
)

// Session is what is known of a token.
type Session struct {
	Ended  record.EndReason // empty while it lives
	At     time.Time        // when it ended, or will for want of use
	Values []byte           // what the web layer keeps; nil before it kept anything
}

type sessionRow struct {
	State  string    `db:"state"`
	At     time.Time `db:"at"`
	Sealed []byte    `db:"sealed"`
}

// LoadSession returns the session of req.Token, ended or not, and
// fault.NotFound where there never was one.
func (s *Store) LoadSession(ctx context.Context, req Request) (*Session, error) {
	var row sessionRow
	if err := s.get(ctx, &row, `SELECT state, at, sealed FROM guichet.load_session($1, $2, $3)`, req.Token, req.ip(), req.ID); err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	if row.State != "live" {
		return &Session{Ended: record.EndReason(row.State), At: row.At}, nil
	}
	loaded := &Session{At: row.At}
	if row.Sealed == nil {
		return loaded, nil
	}
	values, err := s.keys.Service().Open(row.Sealed, sessionPlace(req.Token))
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	loaded.Values = values
	return loaded, nil
}

// SaveSession keeps values of an open session.
func (s *Store) SaveSession(ctx context.Context, token, values []byte) error {
	sealed, err := s.keys.Service().Seal(values, sessionPlace(token))
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	if err := s.run(ctx, `SELECT guichet.save_session($1, $2)`, token, sealed); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

// EndSession ends a session: logout, or error (DT8). One that has ended stays
// as it ended.
func (s *Store) EndSession(ctx context.Context, req Request, reason record.EndReason) error {
	if err := s.run(ctx, `SELECT guichet.end_session($1, $2, $3, $4)`, req.Token, req.ip(), req.ID, string(reason)); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// sessionPlace binds what a session keeps to its token, which is stored
// nowhere: without the cookie not even the service key opens it.
func sessionPlace(token []byte) envelope.Place {
	return envelope.Place{Table: "session", Column: "sealed", Record: string(token)}
}

// RefusePage leaves the entry of something asked for in a session that no
// route serves (TR1.d).
func (s *Store) RefusePage(ctx context.Context, req Request) error {
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.refuse_page($1, $2, $3)`, req.Token, req.ip(), req.ID); err != nil {
		return fmt.Errorf("refuse page: %w", err)
	}
	return nil
}

// LeaveEvent leaves the entry of a service that opened or closed (TR1.b).
func (s *Store) LeaveEvent(ctx context.Context, req Request, event traces.Type) error {
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.leave_event($1, $2, $3)`, req.ip(), req.ID, string(event)); err != nil {
		return fmt.Errorf("leave event: %w", err)
	}
	return nil
}
