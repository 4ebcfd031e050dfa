package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
)

// AccessLog is who had access to a record, latest first.
type AccessLog struct {
	Person
	Patient  *record.Patient
	Accesses []record.Access
	Total    int                  // that the filter leaves in, on this page or not
	Months   []record.AccessCount // of all accesses, latest first; nil where they were not wanted
	Cut      bool                 // the oldest are missing
}

// AccessFilter says which accesses are wanted. Its zero value leaves all in.
type AccessFilter struct {
	Others bool      // not one's own
	Act    string    // read, log, deposit or office, as the function accesses has them; empty for all
	Since  time.Time // zero for ever
	Months bool      // and all of them are wanted by months, which takes its time
}

// logPage is how much of it.
type logPage struct {
	AccessFilter
	most int
}

// AccessLogPage is how many lines ReadAccessLog returns at most.
const AccessLogPage = 50

// What ReadWholeAccessLog asks for at once, and how often at most.
const (
	longLogPage = 1000
	maxLogPages = 20
)

// ReadAccessLog returns the accesses to one's own record before an entry, or
// the latest where before is 0 (CNIL-3.4-3).
func (s *Store) ReadAccessLog(ctx context.Context, req Request, filter AccessFilter, before int64) (*AccessLog, error) {
	var page *logPage
	if filter != (AccessFilter{}) {
		page = &logPage{filter, AccessLogPage}
	}
	return s.readAccessLog(ctx, req, page, before)
}

// ReadWholeAccessLog returns all that the filter leaves in, or the latest 20,000 of
// them. Each thousand leaves an entry.
func (s *Store) ReadWholeAccessLog(ctx context.Context, req Request, filter AccessFilter) (*AccessLog, error) {
	page := &logPage{filter, longLogPage}
	whole, err := s.readAccessLog(ctx, req, page, 0)
	if err != nil {
		return nil, err
	}
	for last := whole; len(last.Accesses) == longLogPage; {
		if whole.Cut = len(whole.Accesses) >= maxLogPages*longLogPage; whole.Cut {
			break
		}
		if last, err = s.readAccessLog(ctx, req, page, whole.Accesses[len(whole.Accesses)-1].Entry); err != nil {
			return nil, err
		}
		whole.Accesses = append(whole.Accesses, last.Accesses...)
	}
	return whole, nil
}

func (s *Store) readAccessLog(ctx context.Context, req Request, page *logPage, before int64) (*AccessLog, error) {
	d, err := s.read(ctx, req, question{kind: "access_log", number: before, log: page})
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
		switch row.Kind {
		case "access-count":
			log.Total = *row.Number
			continue
		case "access-months":
			log.Months, err = parseMonths(string(row.Sealed))
			if err != nil {
				return nil, err
			}
			continue
		case "trace":
		default:
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

// parseMonths reads the lines that receive counts by: month, role, whose, count.
func parseMonths(lines string) ([]record.AccessCount, error) {
	var all []record.AccessCount
	for line := range strings.Lines(lines) {
		var month, role, whose string
		var c record.AccessCount
		if _, err := fmt.Sscanf(line, "%s %s %s %d", &month, &role, &whose, &c.Count); err != nil {
			return nil, fmt.Errorf("read months: %w", err)
		}
		var err error
		if c.Month, err = time.Parse("2006-01", month); err != nil {
			return nil, fmt.Errorf("read months: %w", err)
		}
		c.Role, c.Self = record.Role(role), whose == "own"
		all = append(all, c)
	}
	return all, nil
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

// whys are what a person may say of an access that they report; "unsaid" is for
// nothing.
var whys = []string{"unknown-person", "not-understood", "not-right", "unsaid"}

// ReportAccess tells the hospital that a line of one's own access log is not
// right, and why in a word of a closed list; what is none is left unsaid. It
// returns the number of the entry that says so, the same however often the same
// line is reported, and fault.NotFound where it is not of one's own log.
func (s *Store) ReportAccess(ctx context.Context, req Request, entry int64, why string) (int64, error) {
	if !slices.Contains(whys, why) {
		why = "unsaid"
	}
	var made int64
	if err := s.get(ctx, &made, `SELECT guichet.report_access($1, $2, $3, $4, $5)`, req.Token, req.ip(), req.ID, entry, why); err != nil {
		return 0, fmt.Errorf("report access: %w", err)
	}
	reason, err := s.whyRefused(ctx, req, made)
	if err != nil {
		return 0, fmt.Errorf("report access: %w", err)
	}
	switch reason {
	case "":
		return made, nil
	case "session-over", "account-suspended", "account-blocked", "account-closed":
		return 0, fault.New(fault.Ended, errors.New("report access: session is over"))
	}
	return 0, fault.New(fault.NotFound, errors.New("report access: no line of one's own"))
}
