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

// Format is how a message is written.
type Format string

// The formats that are taken in.
const (
	HL7v2  Format = "hl7v2"
	FHIRR4 Format = "fhir-r4"
)

// Refused is a message that was refused, with what is needed to try again.
type Refused struct {
	Format  Format
	Sender  string // who speaks
	Control string // the sender's name for the message
	Target  string // of FHIR: below which address it came, as PUT Patient/1; else empty
	Raw     []byte // as it came
	Reason  string // a word of the program's own lists
}

// Quarantined is a Refused and where it lies.
type Quarantined struct {
	ID uuid.UUID
	At time.Time
	Refused
}

type quarantinePayload struct {
	Format  Format `cbor:"1,keyasint"`
	Sender  string `cbor:"2,keyasint,omitempty"`
	Control string `cbor:"3,keyasint,omitempty"`
	Target  string `cbor:"4,keyasint,omitempty"`
	Raw     []byte `cbor:"5,keyasint"`
}

// quarantineVersion is the form of what is sealed; 1 was the bytes of an HL7
// v2 message alone.
const quarantineVersion = 2

func quarantinePlace(id uuid.UUID, version int) envelope.Place {
	return envelope.Place{Table: "quarantine", Column: "sealed", Record: id.String(), Version: version}
}

// Quarantine keeps a message that was refused, under the service key since it
// is nobody's yet, with the reason. The same message is kept once.
func (s *Store) Quarantine(ctx context.Context, req Request, r Refused) error {
	id := uuid.Must(uuid.NewV7())
	value, err := s.keys.Blind(envelope.Message, r.Sender, r.Control, string(r.Raw))
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	payload := quarantinePayload{Format: r.Format, Sender: r.Sender, Control: r.Control, Target: r.Target, Raw: r.Raw}
	sealed, err := seal(s.keys.Service(), payload, quarantinePlace(id, quarantineVersion))
	if err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.quarantine($1, $2, $3, $4, $5, $6, $7)`, req.Token, req.ip(), req.ID, id, value, r.Reason, sealed); err != nil {
		return fmt.Errorf("quarantine: %w", err)
	}
	return nil
}

// QuarantinePage is how many messages ListQuarantine returns at most.
const QuarantinePage = 200

// ListQuarantine returns what lies in quarantine before a message, or the
// latest where before is nil, without its content: latest first.
func (s *Store) ListQuarantine(ctx context.Context, req Request, before uuid.UUID) ([]Quarantined, error) {
	d, err := s.readAlone(ctx, req, question{kind: "quarantine", id: before})
	if err != nil {
		return nil, fmt.Errorf("list quarantine: %w", err)
	}
	var list []Quarantined
	for _, row := range d.rows {
		if row.Kind == "quarantine-head" {
			list = append(list, Quarantined{ID: *row.ID, At: *row.At, Refused: Refused{Reason: text(row.Event)}})
		}
	}
	return list, nil
}

// ReadQuarantined returns one message in quarantine.
func (s *Store) ReadQuarantined(ctx context.Context, req Request, id uuid.UUID) (*Quarantined, error) {
	d, err := s.readAlone(ctx, req, question{kind: "quarantined", id: id})
	if err != nil {
		return nil, fmt.Errorf("read quarantined: %w", err)
	}
	q, err := s.openQuarantined(d)
	return q, s.opened(ctx, req, d, err)
}

func (s *Store) openQuarantined(d *delivery) (*Quarantined, error) {
	row := d.first("quarantine")
	if row == nil {
		return nil, fault.New(fault.Tampered, errors.New("delivery names no message"))
	}
	q := &Quarantined{ID: *row.ID, At: *row.At, Refused: Refused{Format: HL7v2, Reason: text(row.Event)}}
	at := quarantinePlace(*row.ID, *row.Version)
	if *row.Version < quarantineVersion {
		raw, err := s.keys.Service().Open(row.Sealed, at)
		q.Raw = raw
		return q, err
	}
	var p quarantinePayload
	if err := unseal(s.keys.Service(), row.Sealed, at, &p); err != nil {
		return nil, err
	}
	q.Format, q.Sender, q.Control, q.Target, q.Raw = p.Format, p.Sender, p.Control, p.Target, p.Raw
	return q, nil
}

// Release lets a message leave quarantine, after it was taken in.
func (s *Store) Release(ctx context.Context, req Request, id uuid.UUID) error {
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.release($1, $2, $3, $4)`, req.Token, req.ip(), req.ID, id); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}
