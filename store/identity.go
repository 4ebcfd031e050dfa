package store

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
)

// Refusal is a sign-in that led to no session. Reason is a word of a closed
// list; Reference is what the person tells the hospital, the same each time.
// Its chain holds fault.Unmatched.
type Refusal struct {
	Reason    string
	Reference string
}

func (r *Refusal) Error() string { return "sign in: refused: " + r.Reason }

// Unwrap says of what kind it is.
func (r *Refusal) Unwrap() error {
	return fault.New(fault.Unmatched, errors.New("not linked to a record"))
}

// Closed reports whether the person's account is not open (GA4).
func (r *Refusal) Closed() bool { return strings.HasPrefix(r.Reason, "account-") }

// Linkable reports whether an activation code may help.
func (r *Refusal) Linkable() bool {
	switch r.Reason {
	case "no-match", "several-matches", "given-names", "code", "code-traits":
		return true
	}
	return false
}

// WrongCode reports whether the code that was typed is why.
func (r *Refusal) WrongCode() bool { return r.Reason == "code" || r.Reason == "code-traits" }

// Spent reports whether the provider's answer had served already.
func (r *Refusal) Spent() bool { return r.Reason == "state-used" || r.Reason == "token-used" }

func (s *Store) refusal(ctx context.Context, req Request, entry int64, who Identified) error {
	reason, err := s.whyRefused(ctx, req, entry)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if reason == "" { // granted, and not handed over; or too late to be told
		return fault.New(fault.Unavailable, errors.New("sign in: neither let in nor refused"))
	}
	reference, err := s.Reference(who.Issuer, who.Subject)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	return &Refusal{Reason: reason, Reference: reference}
}

// Reference is what a person tells the hospital who waits to be linked.
func (s *Store) Reference(issuer, subject string) (string, error) {
	person, err := s.keys.Blind(envelope.Subject, issuer, subject)
	if err != nil {
		return "", err
	}
	return referenceOf(person), nil
}

// whyRefused returns the reason of a refusal that req has just left, and "" for
// what was not refused.
func (s *Store) whyRefused(ctx context.Context, req Request, entry int64) (string, error) {
	var reason *string
	if err := s.get(ctx, &reason, `SELECT guichet.why_refused($1, $2)`, req.ID, entry); err != nil {
		return "", err
	}
	return text(reason), nil
}

var referenceAlphabet = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// referenceOf is what a person who waits is known by at the hospital: forty bits
// of their index, which say nothing of them.
func referenceOf(person []byte) string {
	letters := referenceAlphabet.EncodeToString(person[:5])
	return letters[:4] + "-" + letters[4:]
}

func waitingPlace(id uuid.UUID) envelope.Place {
	return envelope.Place{Table: "waiting_identity", Column: "sealed", Record: id.String(), Version: 1}
}

// Waiting is a person whom a provider has identified and who was linked to no
// record. A list has neither Identity nor Provider.
type Waiting struct {
	Reference string
	At        time.Time
	Reason    string // of the refused sign-in
	Provider  string
	Identity  record.Identity
}

// IdentityPage is how many ListWaiting returns at most.
const IdentityPage = 200

// ListWaiting returns who waits for an operator, without their traits, longest
// first.
func (s *Store) ListWaiting(ctx context.Context, req Request) ([]Waiting, error) {
	d, err := s.readAlone(ctx, req, question{kind: "identities"})
	if err != nil {
		return nil, fmt.Errorf("list waiting: %w", err)
	}
	var list []Waiting
	for _, row := range d.rows {
		if row.Kind == "identity-head" {
			list = append(list, Waiting{Reference: text(row.Ground), At: *row.At, Reason: text(row.Event)})
		}
	}
	return list, nil
}

// ReadWaiting returns one person who waits, with what the provider said of them.
func (s *Store) ReadWaiting(ctx context.Context, req Request, reference string) (*Waiting, error) {
	d, err := s.readAlone(ctx, req, question{kind: "identity", text: reference})
	if err != nil {
		return nil, fmt.Errorf("read waiting: %w", err)
	}
	w, err := s.openWaiting(d)
	return w, s.opened(ctx, req, d, err)
}

func (s *Store) openWaiting(d *delivery) (*Waiting, error) {
	row := d.first("identity")
	if row == nil {
		return nil, fault.New(fault.Tampered, errors.New("delivery names no identity"))
	}
	var p waitingPayload
	if err := unseal(s.keys.Service(), row.Sealed, waitingPlace(*row.ID), &p); err != nil {
		return nil, err
	}
	return &Waiting{Reference: text(row.Ground), At: *row.At, Reason: text(row.Event), Provider: p.Provider, Identity: p.Identity.identity()}, nil
}

// Justification says on what an operator links a person to a record, or refuses to.
type Justification string

// What an operator may have seen, and why they may refuse.
const (
	SawDocument    Justification = "identity-document" // the person came, with an identity document
	SawCivilStatus Justification = "civil-status"      // an act of civil status: a name changed, a date corrected
	AskedINS       Justification = "ins-service"       // the national service of the INS gives these traits
	RecordsMerged  Justification = "records-merged"    // two records of the person have become one

	UnknownHere Justification = "unknown-here" // no record of this hospital is theirs
	NotProved   Justification = "not-proved"
	Usurpation  Justification = "usurpation"
)

// Declined is a change that the database refused, with the word that its
// entry bears.
type Declined struct{ Reason string }

func (e *Declined) Error() string { return "refused: " + e.Reason }

// LinkIdentity lets a person who waits into a record when they next sign in.
// With replaces, another account that has it as its own loses it then.
func (s *Store) LinkIdentity(ctx context.Context, req Request, reference string, patient record.PatientID, justification Justification, replaces bool) error {
	return s.change(ctx, req, "link identity", `SELECT guichet.decide_identity($1, $2, $3, $4, $5, $6, $7)`, reference, uuid.UUID(patient), string(justification), replaces)
}

// RefuseIdentity leaves a person who waits without a record.
func (s *Store) RefuseIdentity(ctx context.Context, req Request, reference string, why Justification) error {
	return s.change(ctx, req, "refuse identity", `SELECT guichet.decide_identity($1, $2, $3, $4, $5, $6, $7)`, reference, nil, string(why), false)
}

// change calls a function that changes something, and says why it was refused
// where it was.
func (s *Store) change(ctx context.Context, req Request, what, query string, args ...any) error {
	var entry int64
	if err := s.get(ctx, &entry, query, append([]any{req.Token, req.ip(), req.ID}, args...)...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	reason, err := s.whyRefused(ctx, req, entry)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if reason != "" {
		return fmt.Errorf("%s: %w", what, &Declined{Reason: reason})
	}
	return nil
}

// FindPatient returns the traits of the patient whom a number names.
func (s *Store) FindPatient(ctx context.Context, req Request, number record.Identifier) (*record.Patient, error) {
	value, err := s.identifierIndex(number)
	if err != nil {
		return nil, fmt.Errorf("find patient: %w", err)
	}
	d, err := s.readAlone(ctx, req, question{kind: "patient", code: value})
	if err != nil {
		return nil, fmt.Errorf("find patient: %w", err)
	}
	patient, _, err := s.patient(d)
	return patient, s.opened(ctx, req, d, err)
}

func (s *Store) identifierIndex(number record.Identifier) ([]byte, error) {
	number = number.Canonical()
	return s.keys.Blind(envelope.Identifier, number.Authority, number.Value)
}
