package record

import (
	"slices"
	"time"
)

// Precision says how much of a Moment the sender gave.
type Precision int

const (
	Unstated Precision = iota // no moment at all
	ToYear
	ToMonth
	ToDay
	ToMinute
	ToSecond
)

// A Moment is a point in time as precise as the sender stated it.
type Moment struct {
	At        time.Time `cbor:"1,keyasint"`
	Precision Precision `cbor:"2,keyasint"`
}

// IsZero reports whether no moment was given.
func (m Moment) IsZero() bool { return m.Precision == Unstated }

// Earlier returns the earlier of two moments, or the one that was given.
func (m Moment) Earlier(other Moment) Moment {
	if m.IsZero() || !other.IsZero() && other.At.Before(m.At) {
		return other
	}
	return m
}

// Later returns the later of two moments, or the one that was given.
func (m Moment) Later(other Moment) Moment {
	if m.IsZero() || !other.IsZero() && other.At.After(m.At) {
		return other
	}
	return m
}

// Status is where a report or a result stands in its life.
type Status string

const (
	Registered  Status = "registered"
	Partial     Status = "partial"
	Preliminary Status = "preliminary"
	Final       Status = "final"
	Corrected   Status = "corrected"
	Cancelled   Status = "cancelled"
)

// Combined returns the status of a whole whose parts have these statuses.
func Combined(parts []Status) Status {
	if len(parts) == 0 {
		return Registered
	}
	is := func(status Status) bool { return slices.Contains(parts, status) }
	only := func(status Status) bool {
		return !slices.ContainsFunc(parts, func(part Status) bool { return part != status && part != Cancelled })
	}
	switch {
	case only(Cancelled):
		return Cancelled
	case is(Corrected):
		return Corrected
	case only(Final):
		return Final
	case only(Registered):
		return Registered
	case only(Preliminary):
		return Preliminary
	}
	return Partial
}

// LOINC is the system of a LOINC code, as FHIR names it.
const LOINC = "http://loinc.org"

// A Code is a concept in a coding system.
type Code struct {
	System string `cbor:"1,keyasint,omitempty"` // LOINC, or the sender's name for its own system
	Value  string `cbor:"2,keyasint,omitempty"`
	Text   string `cbor:"3,keyasint,omitempty"`
}

// ValueKind is the shape of a result.
type ValueKind int

const (
	NoValue    ValueKind = iota
	Numeric              // 5.30
	Structured           // <5, 1:80, 10-15: comparator, ratio or range, as printed
	Text                 // free text, lines separated by \n
	Coded                // a code with its text
)

// Value is a result exactly as the laboratory printed it: digits are kept, so
// 5.30 stays 5.30.
type Value struct {
	Kind ValueKind `cbor:"1,keyasint"`
	Text string    `cbor:"2,keyasint,omitempty"`
	Code Code      `cbor:"3,keyasint,omitzero"`
}

// Patient is a person with a record.
type Patient struct {
	ID          PatientID
	Version     int
	Identity    Identity
	Identifiers []Identifier
}

// Report is one laboratory report: the orders that a message answers for one
// patient, in the order printed.
type Report struct {
	ID         ReportID
	Patient    PatientID
	Version    int       // 1 when first deposited
	Deposited  time.Time // of this version
	Status     Status
	Title      string   // all that was asked for, as the laboratory calls it
	Titles     []string // the same, one by one
	Number     string   // the laboratory's number for the report
	Laboratory string
	Prescriber string
	Validator  string
	Sampled    Moment
	Received   Moment // by the laboratory
	Issued     Moment
	Comments   []string
	Panels     []Panel
	Documents  []Document
	Count      int // results in all panels, known without reading them
	Abnormal   int // of these, those the laboratory flagged
}

// Panel is what one order asked for.
type Panel struct {
	Order        string // the laboratory's order number
	Code         Code
	Title        string
	Specimen     string
	Status       Status
	Sampled      Moment
	Comments     []string
	Observations []Observation
}

// Flag is the laboratory's own interpretation of a result (HL7 table 0078).
type Flag string

// Abnormal reports whether f says that a result is out of its interval,
// abnormal or positive. The letters of an antibiogram, a change since the last
// time and codes we do not know say nothing of the kind.
func (f Flag) Abnormal() bool {
	switch f {
	case "H", "HU", "HH", "HX", "L", "LU", "LL", "LX", ">", "<", "A", "AA", "POS", "DET", "RR", "WR":
		return true
	}
	return false
}

// Observation is one result.
type Observation struct {
	ID        ObservationID
	Version   int
	Code      Code   // LOINC where the sender gave it, else its own
	Local     Code   // the sender's own code, where Code is LOINC
	Name      string // as printed
	SubID     string // OBX-4: ties together what belongs together, as an isolate and its antibiogram
	Value     Value
	Unit      string // as printed
	Reference string // interval as printed on this result
	Flags     []Flag // as sent, in order; empty when the laboratory gave none
	Status    Status
	Method    string
	Sampled   Moment
	Comments  []string
	Replaced  *Replaced  // what stood here in the report's version before; nil where nothing else did
	Previous  []Previous // earlier results of the same analysis, newest sample first
}

// IsFlagged reports whether the laboratory flagged the result as abnormal.
func (o *Observation) IsFlagged() bool {
	return o.Status != Cancelled && slices.ContainsFunc(o.Flags, Flag.Abnormal)
}

// Replaced is a result that a later version of its report took the place of:
// somebody may have read it.
type Replaced struct {
	Deposited time.Time // when it could first be read
	Value     Value
	Unit      string
	Reference string
	Flags     []Flag
}

// Previous is an earlier result of the same analysis, shown beside a newer
// one: its own unit, interval and flag, never the newer one's.
type Previous struct {
	Report    ReportID
	Sampled   Moment
	Value     Value
	Unit      string
	Reference string
	Flags     []Flag
}

// Document is a file that belongs to a report, kept as received.
type Document struct {
	ID        DocumentID
	Version   int
	Title     string
	MediaType string
	Size      int // bytes
	Bytes     []byte
}
