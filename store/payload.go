package store

import (
	"errors"
	"fmt"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/fxamacker/cbor/v2"
)

// What is sealed is CBOR with integer keys: compact, quick, and a field added
// later leaves older rows readable. Keys are never used twice.

type accountPayload struct {
	Name       string     `cbor:"1,keyasint"`
	Family     string     `cbor:"2,keyasint,omitempty"`
	Given      string     `cbor:"3,keyasint,omitempty"`
	Usual      string     `cbor:"4,keyasint,omitempty"`
	Birthdate  string     `cbor:"5,keyasint,omitempty"`
	Sex        record.Sex `cbor:"6,keyasint,omitempty"`
	Birthplace string     `cbor:"7,keyasint,omitempty"`
	Mail       string     `cbor:"8,keyasint,omitempty"` // to inform them of an incident (GA5.a)
}

// waitingPayload is what a provider said of a person who waits.
type waitingPayload struct {
	Identity patientPayload `cbor:"1,keyasint"`
	Provider string         `cbor:"2,keyasint"`
}

type patientPayload struct {
	Family      string              `cbor:"1,keyasint,omitempty"`
	Given       string              `cbor:"2,keyasint,omitempty"`
	Usual       string              `cbor:"3,keyasint,omitempty"`
	Birthdate   string              `cbor:"4,keyasint,omitempty"`
	Sex         record.Sex          `cbor:"5,keyasint,omitempty"`
	Birthplace  string              `cbor:"6,keyasint,omitempty"`
	Identifiers []record.Identifier `cbor:"7,keyasint,omitempty"`
}

type reportPayload struct {
	Status     record.Status `cbor:"1,keyasint"`
	Title      string        `cbor:"2,keyasint,omitempty"`
	Number     string        `cbor:"3,keyasint,omitempty"`
	Laboratory string        `cbor:"4,keyasint,omitempty"`
	Prescriber string        `cbor:"5,keyasint,omitempty"`
	Validator  string        `cbor:"6,keyasint,omitempty"`
	Sampled    record.Moment `cbor:"7,keyasint"`
	Received   record.Moment `cbor:"8,keyasint"`
	Issued     record.Moment `cbor:"9,keyasint"`
	Comments   []string      `cbor:"10,keyasint,omitempty"`
	Count      int           `cbor:"11,keyasint"`
	Abnormal   int           `cbor:"12,keyasint"`
	Titles     []string      `cbor:"13,keyasint,omitempty"`
}

type panelPayload struct {
	Order    string        `cbor:"1,keyasint,omitempty"`
	Code     record.Code   `cbor:"2,keyasint"`
	Title    string        `cbor:"3,keyasint,omitempty"`
	Specimen string        `cbor:"4,keyasint,omitempty"`
	Status   record.Status `cbor:"5,keyasint,omitempty"`
	Sampled  record.Moment `cbor:"6,keyasint"`
	Comments []string      `cbor:"7,keyasint,omitempty"`
}

type observationPayload struct {
	Code      record.Code   `cbor:"1,keyasint"`
	Local     record.Code   `cbor:"2,keyasint"`
	Name      string        `cbor:"3,keyasint,omitempty"`
	SubID     string        `cbor:"4,keyasint,omitempty"`
	Value     record.Value  `cbor:"5,keyasint"`
	Unit      string        `cbor:"6,keyasint,omitempty"`
	Reference string        `cbor:"7,keyasint,omitempty"`
	Flags     []record.Flag `cbor:"8,keyasint,omitempty"`
	Status    record.Status `cbor:"9,keyasint,omitempty"`
	Method    string        `cbor:"10,keyasint,omitempty"`
	Sampled   record.Moment `cbor:"11,keyasint"`
	Comments  []string      `cbor:"12,keyasint,omitempty"`
}

type documentPayload struct {
	Title     string `cbor:"1,keyasint,omitempty"`
	MediaType string `cbor:"2,keyasint"`
	Size      int    `cbor:"3,keyasint"`
}

// newAccountPayload is what a provider says of a person.
func newAccountPayload(who Identified) accountPayload {
	id := who.Identity
	return accountPayload{Name: id.Name(), Family: id.Family, Given: id.Given, Usual: id.Usual, Birthdate: id.Birthdate, Sex: id.Sex, Birthplace: id.Birthplace, Mail: who.Mail}
}

func newPatientPayload(id record.Identity, numbers []record.Identifier) patientPayload {
	return patientPayload{Family: id.Family, Given: id.Given, Usual: id.Usual, Birthdate: id.Birthdate, Sex: id.Sex, Birthplace: id.Birthplace, Identifiers: numbers}
}

func (p patientPayload) identity() record.Identity {
	return record.Identity{Family: p.Family, Given: p.Given, Usual: p.Usual, Birthdate: p.Birthdate, Sex: p.Sex, Birthplace: p.Birthplace}
}

func newReportPayload(r *record.Report) reportPayload {
	return reportPayload{Status: r.Status, Title: r.Title, Number: r.Number, Laboratory: r.Laboratory, Prescriber: r.Prescriber, Validator: r.Validator,
		Sampled: r.Sampled, Received: r.Received, Issued: r.Issued, Comments: r.Comments, Count: r.Count, Abnormal: r.Abnormal, Titles: r.Titles}
}

func (p reportPayload) fill(r *record.Report) {
	r.Status, r.Title, r.Number, r.Laboratory, r.Prescriber, r.Validator = p.Status, p.Title, p.Number, p.Laboratory, p.Prescriber, p.Validator
	r.Sampled, r.Received, r.Issued, r.Comments, r.Count, r.Abnormal, r.Titles = p.Sampled, p.Received, p.Issued, p.Comments, p.Count, p.Abnormal, p.Titles
}

func newPanelPayload(p *record.Panel) panelPayload {
	return panelPayload{Order: p.Order, Code: p.Code, Title: p.Title, Specimen: p.Specimen, Status: p.Status, Sampled: p.Sampled, Comments: p.Comments}
}

func (p panelPayload) panel() record.Panel {
	return record.Panel{Order: p.Order, Code: p.Code, Title: p.Title, Specimen: p.Specimen, Status: p.Status, Sampled: p.Sampled, Comments: p.Comments}
}

func newObservationPayload(o *record.Observation) observationPayload {
	return observationPayload{Code: o.Code, Local: o.Local, Name: o.Name, SubID: o.SubID, Value: o.Value, Unit: o.Unit, Reference: o.Reference,
		Flags: o.Flags, Status: o.Status, Method: o.Method, Sampled: o.Sampled, Comments: o.Comments}
}

func (p observationPayload) observation() record.Observation {
	return record.Observation{Code: p.Code, Local: p.Local, Name: p.Name, SubID: p.SubID, Value: p.Value, Unit: p.Unit, Reference: p.Reference,
		Flags: p.Flags, Status: p.Status, Method: p.Method, Sampled: p.Sampled, Comments: p.Comments}
}

// seal encodes a payload and seals it for its place.
func seal(key *envelope.Key, payload any, at envelope.Place) ([]byte, error) {
	plain, err := cbor.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", at.Table, err)
	}
	return key.Seal(plain, at)
}

// unseal opens sealed bytes and decodes the payload.
func unseal(key *envelope.Key, sealed []byte, at envelope.Place, into any) error {
	plain, err := key.Open(sealed, at)
	if err != nil {
		return err
	}
	if err := cbor.Unmarshal(plain, into); err != nil {
		return fault.New(fault.Tampered, fmt.Errorf("decode %s: %w", at.Table, errPayload))
	}
	return nil
}

var errPayload = errors.New("not a payload of this kind")
