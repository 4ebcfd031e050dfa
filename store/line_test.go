package store_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

const locked = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

// awaitLocked returns once so many connections wait for a lock.
func awaitLocked(t *testing.T, db *sql.DB, connections int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for number(t, db, locked) < connections {
		select {
		case <-deadline:
			t.Fatalf("%d connections wait, not %d", number(t, db, locked), connections)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestAFloodLeavesRoomForOthers: where an address's delay is held, whoever
// signs in from there waits, and nobody else (AA7.e).
func TestAFloodLeavesRoomForOthers(t *testing.T) {
	d := newDoor(t)
	if err := d.portal.BeginTry(t.Context(), from(somewhere), "psc"); err != nil {
		t.Fatal(err)
	}
	holder, err := d.admin.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback()
	if _, err := holder.Exec(`SELECT FROM guichet.delay FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	const flood = 100
	for range flood {
		go func() {
			_ = d.portal.BeginTry(t.Context(), from(somewhere), "psc")
			ended <- struct{}{}
		}()
	}
	awaitLocked(t, d.admin, 4)
	for i := range 20 {
		began := time.Now()
		if err := d.portal.BeginTry(t.Context(), from(fmt.Sprintf("203.0.113.%d", 100+i)), "psc"); err != nil {
			t.Errorf("another address: %v", err)
		}
		if waiting := number(t, d.admin, locked); waiting > 4 {
			t.Fatalf("%d connections wait for one address, after %s", waiting, time.Since(began))
		}
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range flood {
		<-ended
	}
}

// TestAFloodOfOneAccountLeavesRoomForOthers: where an account is held, whoever
// signs in to it waits, from wherever they come, and nobody else (AA8.a).
func TestAFloodOfOneAccountLeavesRoomForOthers(t *testing.T) {
	d := newDoor(t)
	d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	d.deposit(t, bloodCount(lea, "200", "C2", "O2", "11.2", sampled))
	d.signIn(t, camille, "sub")
	holder, err := d.admin.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback()
	if _, err := holder.Exec(`SELECT FROM guichet.account FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	const flood = 40
	for i := range flood {
		go func() {
			req := from(fmt.Sprintf("203.0.113.%d", 100+i))
			_, _ = d.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub",
				State: req.ID.String(), Role: record.RolePatient, Identity: camille}))
			ended <- struct{}{}
		}()
	}
	awaitLocked(t, d.admin, 4)
	if _, err := d.trySignIn(t, lea, "another"); err != nil {
		t.Errorf("another account: %v", err)
	}
	if n := number(t, d.admin, locked); n != 4 {
		t.Errorf("%d connections wait for one account", n)
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range flood {
		<-ended
	}
	if n := d.number(t, lives); n != 2 {
		t.Errorf("%d sessions live afterwards, want one of each account", n)
	}
}

// TestASystemIsWhatItWasFirst: a feed's certificate opens no operator's session,
// and no system's lasts longer than a day.
func TestASystemIsWhatItWasFirst(t *testing.T) {
	w := newWorld(t)
	console := w.Open(t, "guichet_console")
	open := func(name string, lifetime time.Duration) error {
		return console.OpenOperator(t.Context(), storetest.Request(), name, store.Limits{Lifetime: lifetime})
	}
	if err := open("root", 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := open("root", 24*time.Hour+time.Second); err == nil {
		t.Error("a session of more than a day was opened")
	}
	if err := open("root", time.Millisecond); err == nil {
		t.Error("a session of no time was opened")
	}
	if _, err := w.Superuser(t).Exec(`UPDATE guichet.account SET role = 'feed' WHERE role = 'operator'`); err != nil {
		t.Fatal(err)
	}
	if err := open("root", time.Hour); err == nil {
		t.Error("another role's account opened an operator's session")
	}
}
