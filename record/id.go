// Package record holds the nouns of Guichet: patients and their identity,
// reports, results, documents, accounts and accesses. It does no I/O and
// imports nothing of ours.
package record

import (
	"errors"

	"github.com/google/uuid"
)

// Each noun has an identifier type of its own, so that one cannot stand for
// another. All are random or time-ordered UUIDs without meaning.
type (
	PatientID     uuid.UUID
	ReportID      uuid.UUID
	ObservationID uuid.UUID
	DocumentID    uuid.UUID
)

func (id PatientID) String() string     { return uuid.UUID(id).String() }
func (id ReportID) String() string      { return uuid.UUID(id).String() }
func (id ObservationID) String() string { return uuid.UUID(id).String() }
func (id DocumentID) String() string    { return uuid.UUID(id).String() }

// ParseReportID reads the canonical 36-character form and no other, so that
// one report has one address.
func ParseReportID(s string) (ReportID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.String() != s {
		return ReportID{}, errors.New("parse report identifier: not a canonical UUID")
	}
	return ReportID(id), nil
}
