package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"guichet/envelope"
	"guichet/fault"

	"github.com/google/uuid"
)

// handover is one row that receive hands over.
type handover struct {
	Kind     string     `db:"kind"`
	ID       *uuid.UUID `db:"id"`
	Version  *int       `db:"version"`
	Patient  *uuid.UUID `db:"patient"`
	Report   *uuid.UUID `db:"report"`
	Order    []byte     `db:"order_of"`
	Place    *int       `db:"place"`
	At       *time.Time `db:"at"`
	Keyset   []byte     `db:"keyset"`
	Sealed   []byte     `db:"sealed"`
	Entry    int64      `db:"entry"`
	Event    *string    `db:"event"`
	Outcome  *string    `db:"outcome"`
	Role     *string    `db:"role"`
	Ground   *string    `db:"ground"`
	Provider *string    `db:"provider"`
	Own      *bool      `db:"own"`
	Number   *int       `db:"number"`
}

// delivery is what one entry handed over.
type delivery struct {
	entry int64
	rows  []handover
}

const receiveQuery = `SELECT kind, id, version, patient, report, order_of, place, at, keyset, sealed, entry, event, outcome, role, ground, provider, own, number FROM guichet.receive($1, $2)`

// read asks, and receives what was granted. The ask has committed its trace
// before the first sealed byte leaves the database (TR1.e).
func (s *Store) read(ctx context.Context, req Request, q question) (*delivery, error) {
	if _, ok := s.condemned.since(req.Token); ok {
		return nil, fault.New(fault.Ended, errors.New("session is to be ended"))
	}
	began := time.Now()
	entry, err := s.ask(req, q)
	return s.disclose(ctx, req, entry, began, err)
}

// readAlone is read for a role that has no company.
func (s *Store) readAlone(ctx context.Context, req Request, q question) (*delivery, error) {
	began := time.Now()
	var entry int64
	query, args := q.alone(req)
	err := s.get(ctx, &entry, query, args...)
	return s.disclose(ctx, req, entry, began, err)
}

// disclose receives what an ask was granted, if it was traced.
func (s *Store) disclose(ctx context.Context, req Request, entry int64, began time.Time, err error) (*delivery, error) {
	if err != nil {
		if fault.KindOf(err) == fault.Internal { // whatever kept the trace from being written, nothing may be disclosed now
			err = fault.New(fault.Unavailable, err)
		}
		return nil, fmt.Errorf("ask: %w", err)
	}
	return s.receive(ctx, req, entry, began)
}

const (
	// flushes bounds how often receive is helped to a durable entry. Each try
	// waits some milliseconds.
	flushes = 50
	// entryLife is how long an entry serves (W1).
	entryLife = 5 * time.Second
)

// receive returns fault.NotFound where nothing is handed over: refused and
// missing look the same (DT3). began is before the entry was left: one that may
// have been too old by now is fault.Unavailable.
func (s *Store) receive(ctx context.Context, req Request, entry int64, began time.Time) (*delivery, error) {
	d := &delivery{entry: entry}
	err := s.list(ctx, &d.rows, receiveQuery, req.Token, entry)
	for range flushes {
		if !errors.Is(err, errNotDurable) {
			break
		}
		// Something else wrote after the entry and nobody flushed it yet.
		if err = s.run(ctx, `SELECT guichet.flush()`); err == nil {
			err = s.list(ctx, &d.rows, receiveQuery, req.Token, entry)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	if len(d.rows) == 0 && time.Since(began) > entryLife {
		return nil, fault.New(fault.Unavailable, errors.New("receive: perhaps too late"))
	}
	if len(d.rows) == 0 {
		return nil, fault.New(fault.NotFound, errors.New("nothing handed over"))
	}
	return d, nil
}

// opened passes on the result of opening a delivery; what did not open leaves
// an entry of its own (DT4.b).
func (s *Store) opened(ctx context.Context, req Request, d *delivery, err error) error {
	if err == nil || fault.KindOf(err) != fault.Tampered {
		return err
	}
	var entry int64
	if terr := s.get(ctx, &entry, `SELECT guichet.leave_failure($1, $2, $3, $4)`, req.Token, req.ip(), req.ID, d.entry); terr != nil {
		return errors.Join(err, fmt.Errorf("leave failure: %w", terr))
	}
	return err
}

// first returns the first row of a kind, or nil.
func (d *delivery) first(kind string) *handover {
	for i := range d.rows {
		if d.rows[i].Kind == kind {
			return &d.rows[i]
		}
	}
	return nil
}

// place is where the row's sealed bytes were made for.
func (h *handover) place(table, column string) envelope.Place {
	p := envelope.Place{Table: table, Column: column}
	if h.ID != nil {
		p.Record = h.ID.String()
	}
	if h.Patient != nil {
		p.Patient = h.Patient.String()
	}
	if h.Version != nil {
		p.Version = *h.Version
	}
	return p
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
