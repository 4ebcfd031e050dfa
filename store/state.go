package store

import (
	"context"
	"fmt"
	"time"

	"guichet/record"

	"github.com/google/uuid"
)

// AccountState is what may be done with an account (GA4.a). Pending is who has
// no account yet: a [Waiting] person.
type AccountState string

// The states of an account.
const (
	Active    AccountState = "active"
	Suspended AccountState = "suspended" // for a while: usurpation reported, or not used for long
	Blocked   AccountState = "blocked"   // departure, death, or because the holder wants it
	Closed    AccountState = "closed"    // for good
)

// AccountHead is an account without its person.
type AccountHead struct {
	ID     uuid.UUID
	Role   record.Role
	State  AccountState
	Reason string     // of its state; empty where it was never changed
	Last   *time.Time // its latest sign-in; nil where there is none any more
	Review int        // days since somebody last looked at it, or it was opened (GA4.e)
}

// ListAccounts returns the accounts that may read the record of the patient
// whom a number names, or all that are not open where number is nil.
func (s *Store) ListAccounts(ctx context.Context, req Request, number *record.Identifier) ([]AccountHead, error) {
	q := question{kind: "accounts"}
	if number != nil {
		var err error
		if q.code, err = s.identifierIndex(*number); err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
	}
	return s.listAccounts(ctx, req, q)
}

func (s *Store) listAccounts(ctx context.Context, req Request, q question) ([]AccountHead, error) {
	d, err := s.readAlone(ctx, req, q)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	var list []AccountHead
	for _, row := range d.rows {
		if row.Kind == "account-head" {
			list = append(list, AccountHead{ID: *row.ID, Role: record.Role(text(row.Role)), State: AccountState(text(row.Event)), Reason: text(row.Ground), Last: row.At, Review: *row.Number})
		}
	}
	return list, nil
}

// ListReviews returns the open accounts whose review is due, the oldest first
// (GA4.e).
func (s *Store) ListReviews(ctx context.Context, req Request) ([]AccountHead, error) {
	return s.listAccounts(ctx, req, question{kind: "reviews"})
}

// WatchReviews alerts, once a day, while a review is due.
func (s *Store) WatchReviews(ctx context.Context) error {
	if err := s.run(ctx, `SELECT guichet.watch_reviews()`); err != nil {
		return fmt.Errorf("watch reviews: %w", err)
	}
	return nil
}

// SetAccountState suspends, restores (Active) or blocks an account, whose live
// sessions end with it; or keeps an open one (Active, "kept") after a review.
func (s *Store) SetAccountState(ctx context.Context, req Request, account uuid.UUID, state AccountState, reason string) error {
	return s.change(ctx, req, "set account state", `SELECT guichet.set_account_state($1, $2, $3, $4, $5, $6)`, account, string(state), reason)
}
