package store_test

import (
	"testing"

	"guichet/store"
)

// TestHeldTransactionsAreEnded: whatever listener's role holds one open longer
// than it may, and whatever it is doing; the entry and the alert say whose it
// was. One that has time left goes on, and so does a migration.
func TestHeldTransactionsAreEnded(t *testing.T) {
	x := newTarget(t)
	db := x.Superuser(t)
	held := make(map[string]func(query string) error)
	for _, role := range store.Roles {
		tx, err := x.SQL(t, role).Begin()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tx.Rollback() })
		held[role] = func(query string) error { _, err := tx.Exec(query); return err }
		if err := held[role](`SELECT 1`); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for role, query := range held {
		if err := query(`SELECT 1`); err != nil {
			t.Errorf("%s was ended before its time: %v", role, err)
		}
	}
	x.endAtOnce(t)
	if err := x.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for role, query := range held {
		if err := query(`SELECT 1`); (err == nil) != (role == "guichet_owner") {
			t.Errorf("%s: got %v", role, err)
		}
	}
	const listeners = "guichet_console guichet_intake guichet_officer guichet_portal guichet_sequencer"
	if got := word(t, db, `SELECT string_agg(reason, ' ' ORDER BY reason) FROM guichet.trace WHERE type = 'transaction.end' AND outcome = 'granted'`); got != listeners {
		t.Errorf("entries: got %s, want %s", got, listeners)
	}
	if got := word(t, db, `SELECT string_agg(t.reason, ' ' ORDER BY t.reason) FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'transaction-held'`); got != listeners {
		t.Errorf("alerts: got %s, want %s", got, listeners)
	}
}
