package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
)

// Home is a person's first page.
type Home struct {
	Person
	Patient    *record.Patient // nil where the person has no record of their own
	LastSignIn *record.SignIn  // nil at the first
	Others     []record.Access // who else opened the record last, three at most, latest first; deposits are not among them
	Reports    []record.Report // heads only, newest sample first
}

// ReadHome returns a signed-in person's first page.
func (s *Store) ReadHome(ctx context.Context, req Request) (*Home, error) {
	d, err := s.read(ctx, req, question{kind: "home"})
	if err != nil {
		return nil, fmt.Errorf("read home: %w", err)
	}
	home, err := s.openHome(d)
	return home, s.opened(ctx, req, d, err)
}

func (s *Store) openHome(d *delivery) (*Home, error) {
	person, err := s.person(d)
	if err != nil {
		return nil, err
	}
	home := &Home{Person: *person, LastSignIn: lastSignIn(d)}
	if d.first("patient") == nil {
		return home, nil
	}
	patient, key, err := s.patient(d)
	if err != nil {
		return nil, err
	}
	home.Patient = patient
	if home.Reports, err = openHeads(key, d); err != nil {
		return nil, err
	}
	for i := range d.rows {
		row := &d.rows[i]
		if row.Kind != "trace" || text(row.Event) == "sign-in" {
			continue
		}
		access, err := s.openAccess(row, home.Reports)
		if err != nil {
			return nil, err
		}
		home.Others = append(home.Others, access)
	}
	slices.SortFunc(home.Others, func(a, b record.Access) int { return cmp.Compare(b.Entry, a.Entry) })
	return home, nil
}

// Reports are the heads of a patient's reports, and who reads them.
type Reports struct {
	Person
	Patient *record.Patient
	Reports []record.Report // newest sample first
}

// ReadReports returns the heads of the reports of one's own record.
func (s *Store) ReadReports(ctx context.Context, req Request) (*Reports, error) {
	d, err := s.read(ctx, req, question{kind: "reports"})
	if err != nil {
		return nil, fmt.Errorf("read reports: %w", err)
	}
	reports, err := s.openReports(d)
	return reports, s.opened(ctx, req, d, err)
}

func (s *Store) openReports(d *delivery) (*Reports, error) {
	person, patient, key, err := s.begin(d)
	if err != nil {
		return nil, err
	}
	heads, err := openHeads(key, d)
	return &Reports{Person: *person, Patient: patient, Reports: heads}, err
}

// Report is one report, and who reads it.
type Report struct {
	Person
	Patient *record.Patient
	Report  *record.Report
}

// ReadReport returns one report, opened, with earlier results of the same
// analyses. The trace that names it has been committed before the first
// sealed byte leaves the database.
func (s *Store) ReadReport(ctx context.Context, req Request, id record.ReportID) (*Report, error) {
	d, err := s.read(ctx, req, question{kind: "report", id: uuid.UUID(id)})
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	report, err := s.openReport(d)
	return report, s.opened(ctx, req, d, err)
}

func (s *Store) openReport(d *delivery) (*Report, error) {
	person, patient, key, err := s.begin(d)
	if err != nil {
		return nil, err
	}
	heads, err := openHeads(key, d)
	if err != nil {
		return nil, err
	}
	if len(heads) != 1 {
		return nil, fault.New(fault.Tampered, errors.New("delivery names no report"))
	}
	report := &heads[0]
	if err := openParts(key, d, report); err != nil {
		return nil, err
	}
	return &Report{Person: *person, Patient: patient, Report: report}, nil
}

// Original is a document as it was received.
type Original struct {
	Person
	Document record.Document
}

// ReadOriginal returns the first document of a report, as received.
func (s *Store) ReadOriginal(ctx context.Context, req Request, id record.ReportID) (*Original, error) {
	d, err := s.read(ctx, req, question{kind: "original", id: uuid.UUID(id)})
	if err != nil {
		return nil, fmt.Errorf("read original: %w", err)
	}
	original, err := s.openOriginal(d)
	return original, s.opened(ctx, req, d, err)
}

func (s *Store) openOriginal(d *delivery) (*Original, error) {
	person, _, key, err := s.begin(d)
	if err != nil {
		return nil, err
	}
	head, content := d.first("document"), d.first("content")
	if head == nil || content == nil {
		return nil, fault.New(fault.Tampered, errors.New("delivery names no document"))
	}
	document, err := openDocument(key, head)
	if err != nil {
		return nil, err
	}
	document.Bytes, err = key.Open(content.Sealed, content.place("document", "content"))
	return &Original{Person: *person, Document: document}, err
}

// begin opens what every delivery about a record begins with: who reads, whose
// record it is, and its key.
func (s *Store) begin(d *delivery) (*Person, *record.Patient, *envelope.Key, error) {
	person, err := s.person(d)
	if err != nil {
		return nil, nil, nil, err
	}
	patient, key, err := s.patient(d)
	return person, patient, key, err
}

// patient opens the patient whom a delivery is about, and their key.
func (s *Store) patient(d *delivery) (*record.Patient, *envelope.Key, error) {
	row := d.first("patient")
	if row == nil {
		return nil, nil, fault.New(fault.Tampered, errors.New("delivery names no patient"))
	}
	return s.patientOf(row)
}

// patientOf opens a patient who was handed over, and their key.
func (s *Store) patientOf(row *handover) (*record.Patient, *envelope.Key, error) {
	key, err := s.keys.Patient(row.ID.String(), row.Keyset)
	if err != nil {
		return nil, nil, err
	}
	var p patientPayload
	if err := unseal(key, row.Sealed, row.place("patient", "sealed"), &p); err != nil {
		return nil, nil, err
	}
	return &record.Patient{ID: record.PatientID(*row.ID), Version: *row.Version, Identity: p.identity(), Identifiers: p.Identifiers}, key, nil
}

// openHeads opens the heads of reports and sorts them, newest sample first;
// when a sample was taken is sealed, so that the database cannot.
func openHeads(key *envelope.Key, d *delivery) ([]record.Report, error) {
	var heads []record.Report
	for i := range d.rows {
		row := &d.rows[i]
		if row.Kind != "report" {
			continue
		}
		var p reportPayload
		if err := unseal(key, row.Sealed, row.place("report", "sealed"), &p); err != nil {
			return nil, err
		}
		head := record.Report{ID: record.ReportID(*row.ID), Patient: record.PatientID(*row.Patient), Version: *row.Version, Deposited: *row.At}
		p.fill(&head)
		heads = append(heads, head)
	}
	slices.SortStableFunc(heads, func(a, b record.Report) int {
		return cmp.Or(b.Sampled.At.Compare(a.Sampled.At), b.Deposited.Compare(a.Deposited), bytes.Compare(b.ID[:], a.ID[:]))
	})
	return heads, nil
}

// openParts opens panels, results and documents, and puts each result under
// its order, as printed.
func openParts(key *envelope.Key, d *delivery, report *record.Report) error {
	rows := slices.Clone(d.rows)
	slices.SortStableFunc(rows, func(a, b handover) int { return cmp.Compare(place(a), place(b)) })
	orders := make(map[string]int)
	earlier := make(map[record.Code][]record.Previous)
	replaced := make(replacements)
	for i := range rows {
		row := &rows[i]
		switch row.Kind {
		case "panel":
			var p panelPayload
			if err := unseal(key, row.Sealed, row.place("panel", "sealed"), &p); err != nil {
				return err
			}
			orders[string(row.Order)] = len(report.Panels)
			report.Panels = append(report.Panels, p.panel())
		case "document":
			document, err := openDocument(key, row)
			if err != nil {
				return err
			}
			report.Documents = append(report.Documents, document)
		case "superseded":
			was, err := openObservation(key, row)
			if err != nil {
				return err
			}
			replaced.add(row, &was)
		case "previous":
			var p observationPayload
			if err := unseal(key, row.Sealed, row.place("observation", "sealed"), &p); err != nil {
				return err
			}
			earlier[analysis(p.Code)] = append(earlier[analysis(p.Code)], record.Previous{Report: record.ReportID(*row.Report),
				Sampled: p.Sampled, Value: p.Value, Unit: p.Unit, Reference: p.Reference, Flags: p.Flags})
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.Kind != "observation" {
			continue
		}
		o, err := openObservation(key, row)
		if err != nil {
			return err
		}
		at, ok := orders[string(row.Order)]
		if !ok {
			return fault.New(fault.Tampered, errors.New("result without its order"))
		}
		o.Previous = latest(earlier[analysis(o.Code)], o.Sampled)
		o.Replaced = replaced.by(row, &o)
		report.Panels[at].Observations = append(report.Panels[at].Observations, o)
	}
	return nil
}

func openObservation(key *envelope.Key, row *handover) (record.Observation, error) {
	var p observationPayload
	if err := unseal(key, row.Sealed, row.place("observation", "sealed"), &p); err != nil {
		return record.Observation{}, err
	}
	o := p.observation()
	o.ID, o.Version = record.ObservationID(*row.ID), *row.Version
	return o, nil
}

// analysis is what makes two results comparable by name: system and code.
func analysis(c record.Code) record.Code { return record.Code{System: c.System, Value: c.Value} }

// latest returns the two latest of results sampled before a moment.
func latest(results []record.Previous, before record.Moment) []record.Previous {
	var kept []record.Previous
	for _, r := range results {
		if r.Sampled.At.Before(before.At) {
			kept = append(kept, r)
		}
	}
	slices.SortStableFunc(kept, func(a, b record.Previous) int { return b.Sampled.At.Compare(a.Sampled.At) })
	return kept[:min(len(kept), 2)]
}

func openDocument(key *envelope.Key, row *handover) (record.Document, error) {
	var p documentPayload
	at := row.place("document", "sealed")
	if err := unseal(key, row.Sealed, at, &p); err != nil {
		return record.Document{}, err
	}
	return record.Document{ID: record.DocumentID(*row.ID), Version: *row.Version, Title: p.Title, MediaType: p.MediaType, Size: p.Size}, nil
}

func place(h handover) int {
	if h.Place == nil {
		return 0
	}
	return *h.Place
}
