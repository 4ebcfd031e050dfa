package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"guichet/fault"
	"guichet/record"
	"guichet/traces"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
)

// Proof is a line of one's own access log with what proves it.
type Proof struct {
	Person
	Patient *record.Patient
	Access  record.Access
	Entry   []byte // in the bytes that the log has the hash of
	Others  bool   // these bytes name other people: they are not for the person to take away

	// Proof has been checked against the log's key. It is nil where Waiting, and
	// where there is no key.
	Proof   *traces.Proof
	At      traces.Checkpoint // that Proof leads to
	Waiting bool              // the entry has no place in the log yet
}

// ReadProof returns a line of one's own access log and its proof under the
// latest checkpoint of the log that the verifier knows, nil where the log is not
// signed here. It takes as many round trips however long the log is: one more
// than a page to learn how far the log has come, and one for its tiles. It returns
// fault.NotFound where the line is not of one's own log, and fault.Tampered where
// the log does not hold it as it is.
func (s *Store) ReadProof(ctx context.Context, req Request, entry int64, verifier note.Verifier) (*Proof, error) {
	d, err := s.read(ctx, req, question{kind: "proof", number: max(entry, 0)})
	if err != nil {
		return nil, fmt.Errorf("read proof: %w", err)
	}
	p, err := s.openProof(d)
	if err == nil && verifier != nil {
		err = s.prove(ctx, p, verifier)
	}
	if err = s.opened(ctx, req, d, err); err != nil {
		return nil, fmt.Errorf("read proof: %w", err)
	}
	return p, nil
}

func (s *Store) openProof(d *delivery) (*Proof, error) {
	log, err := s.openAccessLog(d)
	if err != nil {
		return nil, err
	}
	entry := d.first("entry")
	if len(log.Accesses) != 1 || entry == nil {
		return nil, fault.New(fault.Tampered, errors.New("delivery has not the one entry"))
	}
	said, err := traces.ParseEntry(entry.Sealed)
	if err != nil {
		return nil, fault.New(fault.Tampered, err)
	}
	others := slices.ContainsFunc(said.Records, func(n traces.Named) bool {
		return said.Type == traces.AffectedRead || n.Kind == "patient" && n.ID != uuid.UUID(log.Patient.ID)
	})
	return &Proof{Person: log.Person, Patient: log.Patient, Access: log.Accesses[0], Entry: entry.Sealed, Others: others}, nil
}

// prove adds the proof, once it has shown itself to be one.
func (s *Store) prove(ctx context.Context, p *Proof, verifier note.Verifier) error {
	var found struct {
		LogState
		Place *int64 `db:"place"`
	}
	// The place is looked for after the state: it may be past it.
	if err := s.get(ctx, &found, `SELECT s.size, s.entry, s.checkpoint, guichet.place_of($1) AS place FROM guichet.log_state() s`, p.Access.Entry); err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if p.Waiting = p.Access.Entry > found.Entry; p.Waiting {
		return nil
	}
	if found.Place == nil {
		return fault.New(fault.Tampered, errors.New("the log has no place for the entry, and has gone past it"))
	}
	at, err := traces.OpenCheckpoint(found.Checkpoint, verifier)
	if err != nil {
		return err
	}
	proof, err := traces.Prove(*found.Place, at, found.Checkpoint, s.Tiles(ctx))
	if fault.KindOf(err) == fault.Unavailable {
		return err
	}
	if err == nil {
		_, err = proof.Check(p.Entry, verifier)
	}
	if err != nil {
		return fault.New(fault.Tampered, err)
	}
	p.Proof, p.At = &proof, at
	return nil
}

// Checkpoint returns the latest checkpoint of the log, signed; empty where the
// log is. It names nobody.
func (s *Store) Checkpoint(ctx context.Context) ([]byte, error) {
	state, err := s.LogState(ctx)
	return state.Checkpoint, err
}
