package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// A Deposit is a message that holds one patient's report.
type Deposit struct {
	Sender      string // who speaks: application and facility
	Control     string // the sender's name for the message
	Raw         []byte // as it came
	Identity    record.Identity
	Identifiers []record.Identifier
	Report      record.Report // without identifiers; a panel for each order
	Orders      []string      // the order number of each panel
}

// Receipt says where a deposit lies.
type Receipt struct {
	Resend  bool // the same message was stored before; nothing changed
	Report  record.ReportID
	Version int
}

// Withheld says why a message can be given to nobody; it is to be kept in
// quarantine. Reason is a word of a closed list.
type Withheld struct {
	Reason string // traits-missing, traits-disagree, several-patients
}

func (w *Withheld) Error() string { return "deposit withheld: " + w.Reason }

// attempts bounds how often a deposit is tried again because another
// connection changed the same patient or report meanwhile. Each loser lost to
// a winner: with fewer rivals than attempts, all get through.
const attempts = 100

// Deposit stores a message and its report in one transaction with its trace,
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
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.find_patient($1, $2, $3, $4, $5, $6)`,
		req.Token, req.ip(), req.ID, message, pq.ByteaArray(marks.identifiers), marks.civil); err != nil {
		return nil, fmt.Errorf("find patient: %w", err)
	}
	found, err := s.receive(ctx, req, entry)
	if err != nil {
		return nil, fmt.Errorf("find patient: %w", err)
	}
	verdict := found.first("verdict")
	if verdict == nil {
		return nil, fault.New(fault.Tampered, errors.New("find patient: no verdict"))
	}
	patient := &keyed{}
	switch text(verdict.Event) {
	case "resend":
		return &Receipt{Resend: true}, nil
	case "known":
		p, key, err := s.patient(found)
		if err != nil {
			return nil, s.opened(ctx, req, found, err)
		}
		patient = &keyed{id: uuid.UUID(p.ID), key: key, wrapped: found.first("patient").Keyset}
	case "new":
		if len(marks.civil) == 0 || len(marks.identifiers) == 0 {
			return nil, &Withheld{Reason: "traits-missing"}
		}
		if patient, err = s.newPatient(d); err != nil {
			return nil, err
		}
	case "traits-disagree", "several-patients":
		return nil, &Withheld{Reason: text(verdict.Event)}
	default:
		return nil, fault.New(fault.Internal, errors.New("find patient: unknown verdict"))
	}
	return s.store(ctx, req, d, message, marks, patient)
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

// store seals the report for the version it will have, first that of a new
// one, and calls deposit; told of another version, it seals once more.
func (s *Store) store(ctx context.Context, req Request, d *Deposit, message []byte, marks *marks, patient *keyed) (*Receipt, error) {
	orders, groups, err := s.orderIndexes(d, patient.id)
	if err != nil {
		return nil, err
	}
	report, version := uuid.Must(uuid.NewV7()), 1
	for range attempts {
		p := &parts{key: patient.key, patient: patient.id.String(), kinds: []string{}, ids: []string{}, places: []int64{}, codes: [][]byte{}, lengths: []int64{}}
		if err := p.seal(s, d, report, version); err != nil {
			return nil, err
		}
		var row struct {
			Entry   *int64     `db:"entry"`
			Report  *uuid.UUID `db:"report"`
			Version *int       `db:"version"`
		}
		if err := s.get(ctx, &row, `SELECT entry, report, version FROM guichet.deposit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
			req.Token, req.ip(), req.ID, patient.id, orEmpty(patient.sealed), patient.wrapped, pq.StringArray(marks.fields), pq.ByteaArray(marks.values),
			p.messageID, message, p.message, report, version, p.report, pq.ByteaArray(orders), pq.ByteaArray(groups),
			pq.StringArray(p.kinds), pq.StringArray(p.ids), pq.Int64Array(p.places), pq.ByteaArray(p.codes), pq.Int64Array(p.lengths), orEmpty(p.bytes)); err != nil {
			return nil, err
		}
		if row.Report == nil {
			return nil, fault.New(fault.Ended, errors.New("session may not deposit"))
		}
		if row.Entry != nil {
			return &Receipt{Report: record.ReportID(*row.Report), Version: *row.Version}, nil
		}
		report, version = *row.Report, *row.Version+1
	}
	return nil, fault.New(fault.Conflict, errAgain)
}

// marks are the blind indexes of whom a message is about.
type marks struct {
	identifiers [][]byte
	civil       []byte   // empty where a trait is missing
	fields      []string // of all indexes, with their values
	values      [][]byte
}

func (s *Store) marks(d *Deposit) (*marks, error) {
	m := &marks{identifiers: [][]byte{}, civil: []byte{}, fields: []string{}, values: [][]byte{}}
	for _, id := range d.Identifiers {
		value, err := s.keys.Blind(envelope.Identifier, id.Authority, id.Value)
		if err != nil {
			return nil, err
		}
		m.identifiers = append(m.identifiers, value)
		m.add(envelope.Identifier, value)
	}
	if traits, complete := d.Identity.Civil(); complete {
		value, err := s.keys.Blind(envelope.Civil, traits[:]...)
		if err != nil {
			return nil, err
		}
		m.civil = value
		m.add(envelope.Civil, value)
	}
	if traits, complete := d.Identity.Strict(); complete {
		value, err := s.keys.Blind(envelope.Strict, traits[:]...)
		if err != nil {
			return nil, err
		}
		m.add(envelope.Strict, value)
	}
	return m, nil
}

func (m *marks) add(field envelope.Field, value []byte) {
	m.fields = append(m.fields, string(field))
	m.values = append(m.values, value)
}

// messageIndex knows a resend: same sender, same control ID, same bytes.
func (s *Store) messageIndex(d *Deposit) ([]byte, error) {
	return s.keys.Blind(envelope.Message, d.Sender, d.Control, string(d.Raw))
}

// orderIndexes returns the index of each order number, and for each panel its
// group: the order's index followed by half an index of what the panel is,
// since several panels may answer one order. They are per patient: a number
// that comes back for somebody else is another report.
func (s *Store) orderIndexes(d *Deposit, patient uuid.UUID) (orders, groups [][]byte, err error) {
	if len(d.Orders) != len(d.Report.Panels) || len(d.Orders) == 0 {
		return nil, nil, fault.New(fault.Invalid, errors.New("a report needs an order for each panel"))
	}
	type panelOf struct{ number, system, code string }
	times := make(map[panelOf]int)
	for i, number := range d.Orders {
		order, err := s.keys.Blind(envelope.Order, patient.String(), d.Sender, number)
		if err != nil {
			return nil, nil, err
		}
		p := panelOf{number, d.Report.Panels[i].Code.System, d.Report.Panels[i].Code.Value}
		times[p]++
		panel, err := s.keys.Blind(envelope.Order, patient.String(), d.Sender, number, p.system, p.code, strconv.Itoa(times[p]))
		if err != nil {
			return nil, nil, err
		}
		orders = append(orders, order)
		groups = append(groups, append(bytes.Clone(order), panel[:len(panel)/2]...))
	}
	return orders, groups, nil
}

// parts are the sealed rows of a report, as the function deposit takes them.
type parts struct {
	key       *envelope.Key
	patient   string
	messageID uuid.UUID
	message   []byte
	report    []byte
	kinds     []string
	ids       []string
	places    []int64
	codes     [][]byte
	lengths   []int64
	bytes     []byte
}

func (p *parts) seal(s *Store, d *Deposit, report uuid.UUID, version int) error {
	var err error
	p.messageID = uuid.Must(uuid.NewV7())
	if p.message, err = p.key.Seal(d.Raw, p.at("message", "sealed", p.messageID, 1)); err != nil {
		return err
	}
	if p.report, err = seal(p.key, newReportPayload(&d.Report), p.at("report", "sealed", report, version)); err != nil {
		return err
	}
	for i := range d.Report.Panels {
		panel := &d.Report.Panels[i]
		if err := p.addSealed("panel", i, nil, newPanelPayload(panel)); err != nil {
			return err
		}
		for j := range panel.Observations {
			o := &panel.Observations[j]
			code, err := s.keys.Blind(envelope.Analysis, p.patient, o.Code.System, o.Code.Value)
			if err != nil {
				return err
			}
			if err := p.addSealed("observation", i, code, newObservationPayload(o)); err != nil {
				return err
			}
		}
	}
	for _, document := range pdfFirst(d.Report.Documents) {
		id := uuid.Must(uuid.NewV7())
		head, err := seal(p.key, documentPayload{Title: document.Title, MediaType: document.MediaType, Size: len(document.Bytes)}, p.at("document", "sealed", id, 1))
		if err != nil {
			return err
		}
		content, err := p.key.Seal(document.Bytes, p.at("document", "content", id, 1))
		if err != nil {
			return err
		}
		p.add("document", id, 0, nil, head)
		p.add("content", id, 0, nil, content)
	}
	return nil
}

func (p *parts) at(table, column string, id uuid.UUID, version int) envelope.Place {
	return envelope.Place{Table: table, Column: column, Patient: p.patient, Record: id.String(), Version: version}
}

func (p *parts) addSealed(kind string, panel int, code []byte, payload any) error {
	id := uuid.Must(uuid.NewV7())
	sealed, err := seal(p.key, payload, p.at(kind, "sealed", id, 1))
	if err != nil {
		return err
	}
	p.add(kind, id, panel, code, sealed)
	return nil
}

func (p *parts) add(kind string, id uuid.UUID, panel int, code, sealed []byte) {
	p.kinds = append(p.kinds, kind)
	p.ids = append(p.ids, id.String())
	p.places = append(p.places, int64(panel)+1) // PostgreSQL counts from one
	p.codes = append(p.codes, orEmpty(code))
	p.lengths = append(p.lengths, int64(len(sealed)))
	p.bytes = append(p.bytes, sealed...)
}

// pdfFirst puts what a reader can open before what only a program can.
func pdfFirst(documents []record.Document) []record.Document {
	var pdf, other []record.Document
	for _, d := range documents {
		if strings.EqualFold(d.MediaType, "application/pdf") {
			pdf = append(pdf, d)
		} else {
			other = append(other, d)
		}
	}
	return append(pdf, other...)
}

// orEmpty keeps nil from becoming NULL.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
