package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"
	"guichet/traces"
)

// Session is what is known of a token.
type Session struct {
	Ended  record.EndReason // empty while it lives
	Waits  bool             // for another session of its account (AA8.b); then it has no other end
	At     time.Time        // when it ended, or will for want of use
	Values []byte           // what the web layer keeps; nil before it kept anything, and an hour after the end
	Other  Other            // the one that replaced it, or that it waits for
	Limits Limits           // in force now
}

// Other is what is told of a session that stands in another's way: when and
// how, never who or where.
type Other struct {
	Since, Seen time.Time // when it was opened, and last used
	Provider    string    // franceconnect or psc; empty where it is not known
	Near        bool      // from the same network
}

type sessionRow struct {
	State    string     `db:"state"`
	At       *time.Time `db:"at"`
	Sealed   []byte     `db:"sealed"`
	Since    *time.Time `db:"since"`
	Seen     *time.Time `db:"seen"`
	Provider *string    `db:"provider"`
	Near     *bool      `db:"near"`
	Idle     int        `db:"idle"`
	Lifetime int        `db:"lifetime"`
}

// States of load_session that are no end.
const (
	stateLive    = "live"
	stateWaiting = "waiting"
)

const loadSessionQuery = `SELECT state, at, sealed, since, seen, provider, near, idle, lifetime FROM guichet.load_session($1, $2, $3, $4)`

// LoadSession returns the session of req.Token, ended or not, and
// fault.NotFound where there never was one. used says whether the person did
// something: only then it counts as used (DT9).
func (s *Store) LoadSession(ctx context.Context, req Request, used bool) (*Session, error) {
	if at, ok := s.condemned.since(req.Token); ok {
		return &Session{Ended: record.EndError, At: at}, nil
	}
	var row sessionRow
	if err := s.get(ctx, &row, loadSessionQuery, req.Token, req.ip(), req.ID, used); err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	loaded := &Session{Limits: limitsOf(row.Idle, row.Lifetime)}
	switch row.State {
	case stateLive:
	case stateWaiting:
		loaded.Waits = true
	default:
		loaded.Ended = record.EndReason(row.State)
	}
	if row.At != nil {
		loaded.At = *row.At
	}
	if row.Since != nil && row.Seen != nil {
		loaded.Other = Other{Since: *row.Since, Seen: *row.Seen, Provider: text(row.Provider), Near: row.Near != nil && *row.Near}
	}
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

// SessionLimits returns the limits in force, for pages that tell them.
func (s *Store) SessionLimits(ctx context.Context) (Limits, error) {
	var row struct {
		Idle     int `db:"idle"`
		Lifetime int `db:"lifetime"`
	}
	if err := s.get(ctx, &row, `SELECT idle, lifetime FROM guichet.session_limits()`); err != nil {
		return Limits{}, fmt.Errorf("read session limits: %w", err)
	}
	return limitsOf(row.Idle, row.Lifetime), nil
}

func limitsOf(idle, lifetime int) Limits {
	return Limits{Idle: time.Duration(idle) * time.Second, Lifetime: time.Duration(lifetime) * time.Second}
}

// TakeOver lets a session that waits be the one that lives.
func (s *Store) TakeOver(ctx context.Context, req Request) error {
	if err := s.run(ctx, `SELECT guichet.take_over($1, $2, $3)`, req.Token, req.ip(), req.ID); err != nil {
		return fmt.Errorf("take over session: %w", err)
	}
	return nil
}

// ReportIncident ends every session of the account of req.Token and alerts the
// hospital (AA8.e). It returns fault.NotFound where the session is none, or
// ended more than a day ago.
func (s *Store) ReportIncident(ctx context.Context, req Request) error {
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.report_incident($1, $2, $3)`, req.Token, req.ip(), req.ID); err != nil {
		return fmt.Errorf("report incident: %w", err)
	}
	if entry == 0 {
		return fault.New(fault.NotFound, errors.New("report incident: no session to report from"))
	}
	return nil
}

// CloseAccount blocks the account of req.Token, as its holder wishes, and ends
// its sessions (GA4.d). It returns fault.Ended where the session is over.
func (s *Store) CloseAccount(ctx context.Context, req Request) error {
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.close_account($1, $2, $3)`, req.Token, req.ip(), req.ID); err != nil {
		return fmt.Errorf("close account: %w", err)
	}
	if entry == 0 {
		return fault.New(fault.Ended, errors.New("close account: session is over"))
	}
	return nil
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

// EndSession ends a session: logout, identity, or error (DT8). One that has
// ended stays as it ended. A session that ends in error and could not be ended
// in the database opens nothing in this process, and is ended there as soon as
// it answers.
func (s *Store) EndSession(ctx context.Context, req Request, reason record.EndReason) error {
	err := s.endSession(ctx, req, reason)
	if err == nil {
		return nil
	}
	if reason == record.EndError {
		s.condemned.add(req)
	}
	return err
}

func (s *Store) endSession(ctx context.Context, req Request, reason record.EndReason) error {
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
