package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"guichet/envelope"
	"guichet/record"

	"github.com/google/uuid"
)

// AccessLog is who had access to a record, latest first.
type AccessLog struct {
	Person
	Patient  *record.Patient
	Accesses []record.Access
}

// AccessLogPage is how many lines ReadAccessLog returns at most.
const AccessLogPage = 50

// ReadAccessLog returns the accesses to one's own record before an entry, or
// the latest where before is 0 (CNIL-3.4-3).
func (s *Store) ReadAccessLog(ctx context.Context, req Request, before int64) (*AccessLog, error) {
	d, err := s.read(ctx, req, question{kind: "access_log", number: before})
	if err != nil {
		return nil, fmt.Errorf("read access log: %w", err)
	}
	log, err := s.openAccessLog(d)
	return log, s.opened(ctx, req, d, err)
}

func (s *Store) openAccessLog(d *delivery) (*AccessLog, error) {
	person, patient, key, err := s.begin(d)
	if err != nil {
		return nil, err
	}
	heads, err := openHeads(key, d)
	if err != nil {
		return nil, err
	}
	log := &AccessLog{Person: *person, Patient: patient}
	for i := range d.rows {
		row := &d.rows[i]
		if row.Kind != "trace" {
			continue
		}
		access, err := s.openAccess(row, heads)
		if err != nil {
			return nil, err
		}
		log.Accesses = append(log.Accesses, access)
	}
	slices.SortFunc(log.Accesses, func(a, b record.Access) int { return cmp.Compare(b.Entry, a.Entry) })
	return log, nil
}

// openAccess opens one entry that was disclosed.
func (s *Store) openAccess(row *handover, heads []record.Report) (record.Access, error) {
	access := record.Access{Entry: row.Entry, At: *row.At, Event: text(row.Event), Outcome: text(row.Outcome),
		Role: record.Role(text(row.Role)), Self: row.Own != nil && *row.Own, Ground: record.GrantKind(text(row.Ground)), Purpose: text(row.Provider), Reports: *row.Number}
	access.About = headOf(heads, row.Report)
	if row.Sealed == nil { // refused: of nobody
		return access, nil
	}
	var p accountPayload
	at := envelope.Place{Table: "account", Column: "sealed", Record: row.ID.String(), Version: *row.Version}
	err := unseal(s.keys.Service(), row.Sealed, at, &p)
	access.Who = p.Name
	return access, err
}

// headOf returns the head of a report among those handed over, or nil.
func headOf(heads []record.Report, id *uuid.UUID) *record.Report {
	if id == nil {
		return nil
	}
	i := slices.IndexFunc(heads, func(r record.Report) bool { return r.ID == record.ReportID(*id) })
	if i < 0 {
		return nil
	}
	return &heads[i]
}
