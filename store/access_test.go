package store_test

import (
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

// TestReportAccess: a line is reported once, whatever happens, and the hospital
// finds it.
func TestReportAccess(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
	req := w.signIn(t, camille, "sub-camille")
	deposited := line(t, w, req, "report.deposit")
	reference, err := w.portal.ReportAccess(t.Context(), req, deposited.Entry, "not-understood")
	if err != nil || reference <= deposited.Entry {
		t.Fatal(reference, err)
	}
	var named, alerts int64
	var reason string
	if err := w.Superuser(t).QueryRow(`SELECT t.entries[1], t.reason, (SELECT count(*) FROM guichet.alert a WHERE a.kind = 'access-reported' AND a.entry = t.id) FROM guichet.trace t
		WHERE t.id = $1 AND t.type = 'access.report' AND t.outcome = 'granted' AND cardinality(t.entries) = 1`, reference).Scan(&named, &reason, &alerts); err != nil || named != deposited.Entry || reason != "not-understood" || alerts != 1 {
		t.Errorf("the entry names %d for %s, with %d alerts (%v)", named, reason, alerts, err)
	}
	for range 3 {
		again := make(chan int64, 4)
		for range cap(again) {
			go func() {
				n, err := w.portal.ReportAccess(t.Context(), req, deposited.Entry, "")
				if err != nil {
					t.Error(err)
				}
				again <- n
			}()
		}
		for range cap(again) {
			if n := <-again; n != reference {
				t.Errorf("reported again: got %d, want %d", n, reference)
			}
		}
	}
	if n := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'access.report'`); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	if own := line(t, w, req, "access.report"); own.Entry != reference || !own.Self {
		t.Errorf("the log shows %+v", own)
	}
	second, err := w.portal.ReportAccess(t.Context(), req, line(t, w, req, "access-log.read").Entry, "what is no reason")
	if err != nil || second == reference {
		t.Errorf("another line: got %d, %v", second, err)
	}
	if got := w.count(t, `SELECT count(*) FROM guichet.trace t JOIN guichet.alert a ON a.entry = t.id WHERE t.type = 'access.report' AND t.reason = 'unsaid' AND a.kind = 'access-reported'`); got != 1 {
		t.Errorf("another line: %d alerts, want 1", got)
	}
}

// TestReportAtOnce: of two clicks at the same moment one waits for the other.
func TestReportAtOnce(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
	req := w.signIn(t, camille, "sub-camille")
	deposited := line(t, w, req, "report.deposit")
	tx, err := w.SQL(t, "guichet_portal").Begin()
	if err != nil {
		t.Fatal(err)
	}
	var first int64
	if err := tx.QueryRow(`SELECT guichet.report_access($1, '{192.0.2.7}', gen_random_uuid(), $2, 'unsaid')`, req.Token, deposited.Entry).Scan(&first); err != nil {
		t.Fatal(err)
	}
	second := make(chan int64, 1)
	go func() {
		n, err := w.portal.ReportAccess(t.Context(), req, deposited.Entry, "")
		if err != nil {
			t.Error(err)
		}
		second <- n
	}()
	for w.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := <-second; n != first {
		t.Errorf("got %d and %d", first, n)
	}
}

// TestReportIsOfOnesOwnLine: nobody reports what is not in their own log; that it
// was tried stays.
func TestReportIsOfOnesOwnLine(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
	w.deposit(t, bloodCount(lea, "200", "C2", "O2", "13.0", time.Now()))
	req, other := w.signIn(t, camille, "sub-camille"), w.signIn(t, lea, "sub-lea")
	theirs := line(t, w, other, "report.deposit").Entry
	if _, err := w.portal.ReadAccount(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	physician, over := storetest.Request(), w.signIn(t, camille, "sub-camille")
	if _, err := w.portal.SignIn(t.Context(), physician, evidenced(store.Identified{Provider: "psc", Issuer: "https://psc.example", Subject: "899700100164", State: "s", Role: record.RolePhysician})); err != nil {
		t.Fatal(err)
	}
	if err := w.portal.EndSession(t.Context(), over, record.EndLogout); err != nil {
		t.Fatal(err)
	}
	req = w.signIn(t, camille, "sub-camille")
	for _, c := range []struct {
		name   string
		as     store.Request
		entry  int64
		kind   fault.Kind
		reason string
	}{
		{"another's line", req, theirs, fault.NotFound, "absent"},
		{"an entry about the record that is no line", req, int64(w.count(t, `SELECT max(id) FROM guichet.trace WHERE type = 'account.read' AND patient IS NOT NULL`)), fault.NotFound, "absent"},
		{"an entry that does not exist", req, 1 << 40, fault.NotFound, "absent"},
		{"nothing", req, 0, fault.NotFound, "absent"},
		{"a line, by one who has no record", physician, theirs, fault.NotFound, "absent"},
		{"a line, by nobody", storetest.Request(), theirs, fault.NotFound, "no-session"},
		{"a line, after the session", over, theirs, fault.Ended, "session-over"},
	} {
		before := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'access.report'`)
		if got, err := w.portal.ReportAccess(t.Context(), c.as, c.entry, "not-right"); fault.KindOf(err) != c.kind || got != 0 {
			t.Errorf("%s: got %d, %v", c.name, got, err)
		}
		var outcome, reason string
		var named int
		if err := w.Superuser(t).QueryRow(`SELECT outcome, reason, cardinality(entries) FROM guichet.trace WHERE type = 'access.report' ORDER BY id DESC LIMIT 1`).Scan(&outcome, &reason, &named); err != nil {
			t.Fatal(err)
		}
		if n := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'access.report'`); n != before+1 || outcome != "refused" || reason != c.reason || named != 0 {
			t.Errorf("%s: left %d entries, %s for %s, naming %d", c.name, n-before, outcome, reason, named)
		}
	}
	if n := w.count(t, `SELECT (SELECT count(*) FROM guichet.alert WHERE kind = 'access-reported') + (SELECT count(*) FROM guichet.access_report)`); n != 0 {
		t.Errorf("%d rows and alerts of what was refused", n)
	}
}
