// Package record holds the nouns of Guichet: patients and their identity,
// reports, results, documents, accounts and accesses. It does no I/O and
// imports nothing of ours.
package record

import (
	"fmt"

	"github.com/google/uuid"
)

// Each noun has an identifier type of its own, so that one cannot stand for
// another. All are random or time-ordered UUIDs without meaning.
type (
	PatientID     uuid.UUID
	ReportID      uuid.UUID
	ObservationID uuid.UUID
	DocumentID    uuid.UUID
	AccountID     uuid.UUID
	MessageID     uuid.UUID
)

func (id PatientID) String() string     { return uuid.UUID(id).String() }
func (id ReportID) String() string      { return uuid.UUID(id).String() }
func (id ObservationID) String() string { return uuid.UUID(id).String() }
func (id DocumentID) String() string    { return uuid.UUID(id).String() }
func (id AccountID) String() string     { return uuid.UUID(id).String() }
func (id MessageID) String() string     { return uuid.UUID(id).String() }

// ParseReportID reads the canonical 36-character form and no other, so that
// one report has one address.
func ParseReportID(s string) (ReportID, error) {
	id, err := parseID(s)
	return ReportID(id), err
}

// ParsePatientID reads the canonical 36-character form and no other.
func ParsePatientID(s string) (PatientID, error) {
	id, err := parseID(s)
	return PatientID(id), err
}

func parseID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s {
		return uuid.UUID{}, fmt.Errorf("parse identifier: not a canonical UUID")
	}
	return id, nil
}
