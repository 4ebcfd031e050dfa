package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// A Deposit is a message about one patient.
type Deposit struct {
	Sender      string // who speaks: application and facility
	Control     string // the sender's name for the message
	Raw         []byte // as it came
	Identity    record.Identity
	Identifiers []record.Identifier
	Contact     record.Contact
	Reports     []Ordered // none: the message speaks of the patient alone
}

// Ordered is a report with what recognises it when it comes again.
type Ordered struct {
	Report record.Report // without identifiers; a panel for each order
	Orders []string      // the order number of each panel
	Also   []string      // other names that it may come again under
	Holds  []string      // names of its parts: one of them alone is known as a part of this report
	Whole  bool          // all there is of it; otherwise panels that are not mentioned stay

	Withdraws bool // it takes back what was sent in error: there must be something to take back
}

// Receipt says where a deposit lies.
type Receipt struct {
	Resend  bool     // the same message was stored before; nothing changed
	Reports []Stored // one for each of the deposit; none of a resend
}

// Stored is where a report lies.
type Stored struct {
	ID      record.ReportID
	Version int
}

// Withheld says why a message can be given to nobody; it is to be kept in
// quarantine. Reason is a word of a closed list.
type Withheld struct {
	Reason string // traits-missing, traits-disagree, several-patients, part-of-report, nothing-to-withdraw, newer-stored
}

func (w *Withheld) Error() string { return "deposit withheld: " + w.Reason }

// attempts bounds how often a deposit is tried again because another
// connection changed the same patient or report meanwhile. Each loser lost to
// a winner: with fewer rivals than attempts, all get through.
const attempts = 100

// Deposit stores a message and its reports in one transaction with its traces,
// and returns after the commit. The same message again changes nothing. It
// returns *Withheld where the patient cannot be told (contract, Intake).
func (s *Store) Deposit(ctx context.Context, req Request, d *Deposit) (*Receipt, error) {
	var err error
	for range attempts {
		var receipt *Receipt
		if receipt, err = s.deposit(ctx, req, d); err == nil {
			return receipt, nil
		}
		if !errors.Is(err, errAgain) {
			break
		}
	}
	if _, ok := errors.AsType[*Withheld](err); ok {
		return nil, err
	}
	return nil, fmt.Errorf("deposit: %w", err)
}

func (s *Store) deposit(ctx context.Context, req Request, d *Deposit) (*Receipt, error) {
	message, err := s.messageIndex(d)
	if err != nil {
		return nil, err
	}
	marks, err := s.marks(d)
	if err != nil {
		return nil, err
	}
	if patient, ok := s.familiar.find(marks); ok {
		receipt, err := s.store(ctx, req, d, message, marks, patient)
		if err == nil {
			return receipt, nil
		}
		s.familiar.forget(marks)
		if !errors.Is(err, errAgain) {
			return nil, err
		}
	}
	patient, err := s.findPatient(ctx, req, d, message, marks)
	if err != nil {
		return nil, err
	}
	if patient == nil {
		return &Receipt{Resend: true}, nil
	}
	receipt, err := s.store(ctx, req, d, message, marks, patient)
	if err == nil {
		s.familiar.remember(marks, patient)
	}
	return receipt, err
}

// findPatient asks whose message it is, and for the keyset to seal it with; nil
// means that the same message was stored before.
func (s *Store) findPatient(ctx context.Context, req Request, d *Deposit, message []byte, marks *marks) (*keyed, error) {
	began := time.Now()
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.find_patient($1, $2, $3, $4, $5, $6)`,
		req.Token, req.ip(), req.ID, message, pq.StringArray(marks.fields), pq.ByteaArray(marks.values)); err != nil {
		return nil, fmt.Errorf("find patient: %w", err)
	}
	found, err := s.receive(ctx, req, entry, began)
	if err != nil {
		return nil, fmt.Errorf("find patient: %w", err)
	}
	verdict := found.first("verdict")
	if verdict == nil {
		return nil, fault.New(fault.Tampered, errors.New("find patient: no verdict"))
	}
	switch text(verdict.Event) {
	case "resend":
		return nil, nil
	case "known":
		p, key, err := s.patient(found)
		if err != nil {
			return nil, s.opened(ctx, req, found, err)
		}
		return &keyed{id: uuid.UUID(p.ID), key: key, wrapped: found.first("patient").Keyset}, nil
	case "new":
		if !marks.has(envelope.Civil) || !marks.has(envelope.Identifier) {
			return nil, &Withheld{Reason: "traits-missing"}
		}
		return s.newPatient(d)
	case "traits-disagree", "several-patients":
		return nil, &Withheld{Reason: text(verdict.Event)}
	}
	return nil, fault.New(fault.Internal, errors.New("find patient: unknown verdict"))
}

// keyed is a patient to seal for.
type keyed struct {
	id      uuid.UUID
	key     *envelope.Key
	wrapped []byte
	sealed  []byte // of a new patient only
}

func (s *Store) newPatient(d *Deposit) (*keyed, error) {
	id := uuid.Must(uuid.NewV7())
	key, wrapped, err := s.keys.NewPatient(id.String())
	if err != nil {
		return nil, err
	}
	at := envelope.Place{Table: "patient", Column: "sealed", Patient: id.String(), Record: id.String(), Version: 1}
	sealed, err := seal(key, newPatientPayload(d.Identity, d.Identifiers), at)
	return &keyed{id: id, key: key, wrapped: wrapped, sealed: sealed}, err
}

// carrier is a message on its way to be stored, with whom it speaks of.
type carrier struct {
	req     Request
	patient *keyed
	marks   *marks
	id      uuid.UUID
	index   []byte // by which a resend is known
	sealed  []byte
	sender  string
	reach   *reach
}

// subject are the arguments that every deposit begins with.
func (c *carrier) subject() []any {
	return []any{c.req.Token, c.req.ip(), c.req.ID, c.patient.id, orEmpty(c.patient.sealed), c.patient.wrapped,
		pq.StringArray(c.marks.fields), pq.ByteaArray(c.marks.values), c.id, c.index, c.sealed,
		c.reach.ways, c.reach.ids, c.reach.values, c.reach.sealed}
}

func (s *Store) store(ctx context.Context, req Request, d *Deposit, message []byte, marks *marks, patient *keyed) (*Receipt, error) {
	c := &carrier{req: req, patient: patient, marks: marks, id: uuid.Must(uuid.NewV7()), index: message, sender: d.Sender}
	var err error
	at := envelope.Place{Table: "message", Column: "sealed", Patient: patient.id.String(), Record: c.id.String(), Version: 1}
	if c.sealed, err = patient.key.Seal(d.Raw, at); err != nil {
		return nil, err
	}
	if c.reach, err = s.sealContact(patient, d.Contact); err != nil {
		return nil, err
	}
	switch len(d.Reports) {
	case 0:
		var entry int64
		return &Receipt{}, s.get(ctx, &entry, `SELECT guichet.deposit_patient($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, c.subject()...)
	case 1: // by far the most common: one statement is one transaction
		stored, err := s.storeReport(ctx, s.get, c, &d.Reports[0])
		return &Receipt{Reports: []Stored{stored}}, err
	}
	receipt := &Receipt{}
	err = s.together(ctx, func(ctx context.Context, get getter) error {
		for i := range d.Reports {
			stored, err := s.storeReport(ctx, get, c, &d.Reports[i])
			if err != nil {
				return err
			}
			receipt.Reports = append(receipt.Reports, stored)
		}
		return nil
	})
	return receipt, err
}

// storeReport seals a report for the version it will have, first that of a new
// one, and calls deposit; told of another version, it seals once more.
func (s *Store) storeReport(ctx context.Context, get getter, c *carrier, o *Ordered) (Stored, error) {
	orders, groups, err := s.orderIndexes(c, o)
	if err != nil {
		return Stored{}, err
	}
	held, err := s.nameIndexes(c, o.Holds)
	if err != nil {
		return Stored{}, err
	}
	id, version := uuid.Must(uuid.NewV7()), 1
	if o.Withdraws {
		version = 2 // never the first
	}
	for range attempts {
		p, err := s.sealReport(c.patient, &o.Report, id, version)
		if err != nil {
			return Stored{}, err
		}
		var row struct {
			Entry   *int64     `db:"entry"`
			Report  *uuid.UUID `db:"report"`
			Version *int       `db:"version"`
		}
		if err := get(ctx, &row, `SELECT entry, report, version FROM guichet.deposit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`,
			append(c.subject(), id, version, p.report, pq.ByteaArray(orders), pq.ByteaArray(groups), pq.ByteaArray(held),
				pq.StringArray(p.kinds), pq.StringArray(p.ids), pq.Int64Array(p.places), pq.ByteaArray(p.codes), pq.Int64Array(p.lengths), orEmpty(p.bytes), o.Whole)...); err != nil {
			return Stored{}, err
		}
		if row.Report == nil && row.Entry == nil {
			return Stored{}, &Withheld{Reason: "nothing-to-withdraw"}
		}
		if row.Report == nil {
			return Stored{}, fault.New(fault.Ended, errors.New("session may not deposit"))
		}
		if row.Entry != nil {
			return Stored{ID: record.ReportID(*row.Report), Version: *row.Version}, nil
		}
		id, version = *row.Report, *row.Version+1
	}
	return Stored{}, fault.New(fault.Conflict, errAgain)
}

// markINS is the index of an identifier that is an INS: a patient has one.
const markINS envelope.Field = "ins"

// markGiven is the index of a list of given names, kept beside the strict
// traits, which hold the first alone.
const markGiven envelope.Field = "given"

// marks are the blind indexes of whom a message is about.
type marks struct {
	fields []string // of all indexes, with their values
	values [][]byte
}

func (s *Store) marks(d *Deposit) (*marks, error) {
	m := &marks{fields: []string{}, values: [][]byte{}}
	var ins []byte
	for _, id := range d.Identifiers {
		id = id.Canonical()
		value, err := s.keys.Blind(envelope.Identifier, id.Authority, id.Value)
		if err != nil {
			return nil, err
		}
		m.add(envelope.Identifier, value)
		if !id.IsINS() {
			continue
		}
		if ins != nil && !bytes.Equal(ins, value) {
			return nil, &Withheld{Reason: "several-patients"}
		}
		ins = value
	}
	if ins != nil {
		m.add(markINS, ins)
	}
	if traits, complete := d.Identity.Civil(); complete {
		value, err := s.keys.Blind(envelope.Civil, traits[:]...)
		if err != nil {
			return nil, err
		}
		m.add(envelope.Civil, value)
	}
	if traits, complete := d.Identity.Strict(); complete {
		value, err := s.keys.Blind(envelope.Strict, traits[:]...)
		if err != nil {
			return nil, err
		}
		m.add(envelope.Strict, value)
		if names := d.Identity.GivenNames(); len(names) > 1 {
			if value, err = s.givenIndex(traits, names[:min(len(names), maxGiven)]); err != nil {
				return nil, err
			}
			m.add(markGiven, value)
		}
	}
	return m, nil
}

// has reports whether there is a mark of a field.
func (m *marks) has(field envelope.Field) bool { return slices.Contains(m.fields, string(field)) }

func (m *marks) add(field envelope.Field, value []byte) {
	m.fields = append(m.fields, string(field))
	m.values = append(m.values, value)
}

// messageIndex knows a resend: same sender, same control ID, same bytes.
func (s *Store) messageIndex(d *Deposit) ([]byte, error) {
	return s.keys.Blind(envelope.Message, d.Sender, d.Control, string(d.Raw))
}
