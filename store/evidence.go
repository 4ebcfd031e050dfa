package store

import (
	"context"
	"fmt"
	"time"

	"guichet/envelope"
	"guichet/fault"

	"github.com/google/uuid"
)

// Evidence is what a sign-in rests on: the provider's signed ID token, and what
// it says of itself.
type Evidence struct {
	IDToken string
	Subject string // of the token, which is not always what an account is found by
	Nonce   string
}

type sealedEvidence struct {
	id             uuid.UUID
	witness, nonce []byte
	sealed         []byte
}

func (s *Store) sealEvidence(who Identified) (*sealedEvidence, error) {
	id := uuid.Must(uuid.NewV7())
	witness, nonce, err := s.evidenceIndexes(who.Provider, who.Issuer, who.Evidence)
	if err != nil {
		return nil, err
	}
	sealed, err := s.keys.Service().Seal([]byte(who.Evidence.IDToken), evidencePlace(id))
	return &sealedEvidence{id: id, witness: witness, nonce: nonce, sealed: sealed}, err
}

func (s *Store) evidenceIndexes(provider, issuer string, e Evidence) (witness, nonce []byte, err error) {
	if witness, err = s.keys.Blind(envelope.Subject, issuer, e.Subject); err != nil {
		return nil, nil, err
	}
	nonce, err = s.keys.Blind(envelope.State, "nonce", provider, e.Nonce)
	return witness, nonce, err
}

func evidencePlace(id uuid.UUID) envelope.Place {
	return envelope.Place{Table: "evidence", Column: "sealed", Record: id.String(), Version: 1}
}

// SignedIn is a sign-in whose evidence nobody has checked yet.
type SignedIn struct {
	Evidence uuid.UUID
	At       time.Time
	Provider string // where
	IDToken  string // empty where what is stored does not open
}

// ReadEvidence returns the sign-ins at a provider that nobody has checked yet: the
// oldest fifty at most, in no order.
func (s *Store) ReadEvidence(ctx context.Context, req Request, provider string) ([]SignedIn, error) {
	began := time.Now()
	var entry *int64
	if err := s.get(ctx, &entry, `SELECT guichet.ask_evidence($1, $2, $3, $4)`, req.Token, req.ip(), req.ID, provider); err != nil {
		return nil, fmt.Errorf("ask evidence: %w", err)
	}
	if entry == nil {
		return nil, nil
	}
	d, err := s.receive(ctx, req, *entry, began)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	var list []SignedIn
	for _, row := range d.rows {
		if row.Kind != "evidence" {
			continue
		}
		e := SignedIn{Evidence: *row.ID, At: *row.At, Provider: text(row.Provider)}
		token, err := s.keys.Service().Open(row.Sealed, evidencePlace(e.Evidence))
		switch {
		case err == nil:
			e.IDToken = string(token)
		case fault.KindOf(err) != fault.Tampered:
			return nil, fmt.Errorf("read evidence: %w", err)
		}
		list = append(list, e)
	}
	return list, nil
}

// Finding is what came of looking at an ID token.
type Finding string

// The findings.
const (
	Signed      Finding = "signed"        // by the provider, for us
	NotSigned   Finding = "not-signed"    // not by it, not for us, or not then
	DoesNotOpen Finding = "does-not-open" // what is stored is not what was sealed
)

// CheckEvidence keeps what came of checking e: what the token says, under which
// issuer and when it was issued, counts only where it is Signed. A session that
// its evidence does not bear has ended when CheckEvidence returns, and an alert
// is raised.
func (s *Store) CheckEvidence(ctx context.Context, req Request, e SignedIn, finding Finding, issuer string, says Evidence, issued time.Time) error {
	witness, nonce, err := s.evidenceIndexes(e.Provider, issuer, says)
	if err != nil {
		return fmt.Errorf("check evidence: %w", err)
	}
	var entry int64
	if err := s.get(ctx, &entry, `SELECT guichet.check_evidence($1, $2, $3, $4, $5, $6, $7, $8)`,
		req.Token, req.ip(), req.ID, e.Evidence, string(finding), witness, nonce, issued); err != nil {
		return fmt.Errorf("check evidence: %w", err)
	}
	return nil
}
