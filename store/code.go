package store

import (
	"context"
	"fmt"
	"time"

	"guichet/envelope"
	"guichet/record"

	"github.com/google/uuid"
)

// CodeLifetime is how long an activation code serves, unless told otherwise,
// and LongestCode how long it may (AA6.a).
const (
	CodeLifetime = 30 * 24 * time.Hour
	LongestCode  = 90 * 24 * time.Hour
)

// Code is an activation code that was made. What it was is known to nobody.
type Code struct {
	ID    uuid.UUID
	At    time.Time
	State string // open, used, revoked, replaced or expired
}

// MakeCode makes an activation code for a record that is nobody's own yet. It
// returns the code, which is kept as a hash, so this is the only time; and its
// number, by which it is revoked.
func (s *Store) MakeCode(ctx context.Context, req Request, patient *record.Patient, lifetime time.Duration) (record.ActivationCode, uuid.UUID, error) {
	code, number := record.NewActivationCode(), uuid.Must(uuid.NewV7())
	agrees, err := s.agreement(code, record.Reading{Birthdate: patient.Identity.Birthdate, Sex: patient.Identity.Sex})
	if err != nil {
		return "", uuid.Nil, fmt.Errorf("make code: %w", err)
	}
	err = s.change(ctx, req, "make code", `SELECT guichet.make_code($1, $2, $3, $4, $5, $6, $7, $8)`,
		uuid.UUID(patient.ID), number, []byte(code), agrees, interval(lifetime))
	if err != nil {
		return "", uuid.Nil, err
	}
	return code, number, nil
}

// agreement is the index by which a code knows the birth date and sex of whom
// it was made for; another code's is another, so that it cannot be counted.
func (s *Store) agreement(code record.ActivationCode, reading record.Reading) ([]byte, error) {
	// Five parts: no patient's civil index has as many.
	return s.keys.Blind(envelope.Civil, "code", string(code), reading.Birthdate, string(reading.Sex), "")
}

// CodePage is how many ListCodes returns at most.
const CodePage = 200

// ListCodes returns the codes that were made, latest first.
func (s *Store) ListCodes(ctx context.Context, req Request) ([]Code, error) {
	d, err := s.readAlone(ctx, req, question{kind: "codes"})
	if err != nil {
		return nil, fmt.Errorf("list codes: %w", err)
	}
	var list []Code
	for _, row := range d.rows {
		if row.Kind == "code" {
			list = append(list, Code{ID: *row.ID, At: *row.At, State: text(row.Event)})
		}
	}
	return list, nil
}

// RevokeCode ends a code that was not used.
func (s *Store) RevokeCode(ctx context.Context, req Request, id uuid.UUID) error {
	return s.change(ctx, req, "revoke code", `SELECT guichet.revoke_code($1, $2, $3, $4)`, id)
}
