package store_test

import (
	"fmt"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
	"guichet/traces"

	"github.com/google/go-cmp/cmp"
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

// TestOthersOnTheFirstPage: it says who else opened the record, and never oneself
// or a deposit.
func TestOthersOnTheFirstPage(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, camille, "100")
	c.record(t, lea, "200")
	req := c.signIn(t, camille, "sub-camille")
	if home, err := c.portal.ReadHome(t.Context(), req); err != nil || len(home.Others) != 0 {
		t.Fatalf("nobody has opened anything: got %+v, %v", home, err)
	}
	c.patient(t, number)
	again := c.signIn(t, camille, "sub-camille")
	if home, err := c.portal.ReadHome(t.Context(), again); err != nil || len(home.Others) != 1 || home.Others[0].Event != "patient.lookup" || home.Others[0].Self || home.Others[0].Role != record.RoleOperator || home.Others[0].Who == "" {
		t.Errorf("after an operator has: got %+v, %v", home, err)
	}
	for range 3 {
		if _, err := c.console.ListAccounts(t.Context(), c.operator, &number); err != nil {
			t.Fatal(err)
		}
	}
	home, err := c.portal.ReadHome(t.Context(), again)
	if err != nil || len(home.Others) != 3 || home.Others[0].Event != "account.list" || home.Others[0].Entry < home.Others[1].Entry || home.LastSignIn == nil {
		t.Errorf("after four times: got %+v, %v", home, err)
	}
	if home, err := c.portal.ReadHome(t.Context(), c.signIn(t, lea, "sub-lea")); err != nil || len(home.Others) != 0 {
		t.Errorf("of another's record: got %+v, %v", home, err)
	}
}

// TestAccessLogHasAllThatOthersDo: what operators, the trace officer and systems do
// to a record stands in its log, and in no other's.
func TestAccessLogHasAllThatOthersDo(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, camille, "100")
	c.record(t, lea, "200")
	officer, as := c.Open(t, "guichet_officer"), storetest.Request()
	if err := officer.OpenOfficer(t.Context(), as, "dumas", limits); err != nil {
		t.Fatal(err)
	}
	patient := c.patient(t, number)
	if _, _, err := c.console.MakeCode(t.Context(), c.operator, patient, time.Hour); err != nil {
		t.Fatal(err)
	}
	req := c.signIn(t, camille, "sub-camille")
	if _, err := c.console.ListAccounts(t.Context(), c.operator, &number); err != nil {
		t.Fatal(err)
	}
	if _, err := c.console.ListAffected(t.Context(), c.operator, store.Incident{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Patient: &number}); err != nil {
		t.Fatal(err)
	}
	log, err := officer.OpenLog(t.Context(), as)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.OfPatient(t.Context(), number, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), func(int64, traces.Leaf) error { return nil }); err != nil {
		t.Fatal(err)
	}
	got, err := c.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{Others: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, a := range got.Accesses {
		lines = append(lines, a.Event+" by "+a.Who+", "+string(a.Role))
	}
	want := []string{"trace.read by dumas, officer", "affected.read by admin, operator", "account.list by admin, operator", "code.make by admin, operator", "patient.lookup by admin, operator", "report.deposit by Laboratoire, feed"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// An entry whose bytes name other people is proved, and is not for the person to
	// take away.
	for _, a := range got.Accesses {
		proof, err := c.portal.ReadProof(t.Context(), req, a.Entry, nil)
		if err != nil || proof.Others != (a.Event == "affected.read") {
			t.Errorf("%s names others: %+v, %v", a.Event, proof, err)
		}
	}
	other, err := c.portal.ReadAccessLog(t.Context(), c.signIn(t, lea, "sub-lea"), store.AccessFilter{Others: true}, 0)
	if err != nil || len(other.Accesses) != 1 || other.Total != 1 {
		t.Errorf("of another: got %+v, %v", other, err)
	}
}

// TestFilteredAccessLog: a filter leaves in what it says, and the count is of just
// that, on every page.
func TestFilteredAccessLog(t *testing.T) {
	c := newCounter(t)
	now := time.Date(2026, 11, 19, 9, 0, 0, 0, time.UTC)
	c.SetClock(t, now.AddDate(0, -3, 0))
	c.feed = storetest.Request()
	if err := c.intake.OpenFeed(t.Context(), c.feed, "AB:CD", "Laboratoire", limits); err != nil {
		t.Fatal(err)
	}
	number := c.record(t, camille, "100")
	c.SetClock(t, now)
	c.operator = storetest.Request()
	if err := c.console.OpenOperator(t.Context(), c.operator, "admin", limits); err != nil {
		t.Fatal(err)
	}
	c.patient(t, number)
	req := c.signIn(t, camille, "sub-camille")
	for range 60 {
		if _, err := c.portal.ReadReports(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []struct {
		filter store.AccessFilter
		total  int
	}{
		{store.AccessFilter{}, 62}, {store.AccessFilter{Act: "read"}, 60}, {store.AccessFilter{Act: "deposit"}, 1}, {store.AccessFilter{Act: "office"}, 1}, {store.AccessFilter{Others: true}, 2},
		{store.AccessFilter{Others: true, Act: "read"}, 0}, {store.AccessFilter{Since: now.AddDate(0, -1, 0), Others: true}, 1}, {store.AccessFilter{Since: now.AddDate(0, -4, 0), Others: true}, 2}, {store.AccessFilter{Act: "log"}, 8}, // the lists before,
	} {
		log, err := c.portal.ReadAccessLog(t.Context(), req, f.filter, 0)
		if err != nil || log.Total != f.total || len(log.Accesses) != min(log.Total, store.AccessLogPage) {
			t.Errorf("%+v: got %d of %d, want %d (%v)", f.filter, len(log.Accesses), log.Total, f.total, err)
			continue
		}
		if log.Months != nil {
			t.Errorf("%+v: months are %v", f.filter, log.Months)
		}
	}
	first, err := c.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{Act: "read"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := c.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{Act: "read"}, first.Accesses[len(first.Accesses)-1].Entry)
	if err != nil || len(rest.Accesses) != 10 || rest.Total != 60 || rest.Accesses[0].Entry >= first.Accesses[49].Entry {
		t.Errorf("the second page: got %d of %d, %v", len(rest.Accesses), rest.Total, err)
	}
	if _, err := c.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{Act: "anything"}, 0); err == nil {
		t.Error("a kind of act that does not exist was taken for one")
	}
	if _, err := c.portal.ReadAccessLog(t.Context(), storetest.Request(), store.AccessFilter{Others: true}, 0); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody: got %v", err)
	}

	// The months add up to the list (CNIL-4.3-18).
	log, err := c.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{Months: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	sum, months := 0, make(map[string]int)
	for _, m := range log.Months {
		sum += m.Count
		months[fmt.Sprint(m.Month.Format("2006-01"), " ", m.Role, " ", m.Self)] = m.Count
	}
	want := map[string]int{"2026-11 patient true": log.Total - 2, "2026-11 operator false": 1, "2026-08 feed false": 1}
	if diff := cmp.Diff(want, months); diff != "" || sum != log.Total {
		t.Errorf("%d in all, want %d (-want +got):\n%s", sum, log.Total, diff)
	}
}

// TestWholeAccessLog: a long one comes in several asks, each with its entry, and no
// line is lost between them.
func TestWholeAccessLog(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
	req := w.signIn(t, camille, "sub-camille")
	if _, err := w.SQL(t, "guichet_portal").Exec(`SELECT guichet.ask_reports($1, '{192.0.2.7}', gen_random_uuid()) FROM generate_series(1, 2150)`, req.Token); err != nil {
		t.Fatal(err)
	}
	whole, err := w.portal.ReadWholeAccessLog(t.Context(), req, store.AccessFilter{})
	if err != nil || len(whole.Accesses) != 2151 || whole.Total != 2151 || whole.Cut {
		t.Fatalf("got %d of %d, cut %v, %v", len(whole.Accesses), whole.Total, whole.Cut, err)
	}
	for i := range whole.Accesses[1:] {
		if whole.Accesses[i+1].Entry >= whole.Accesses[i].Entry {
			t.Fatalf("line %d comes after line %d", whole.Accesses[i+1].Entry, whole.Accesses[i].Entry)
		}
	}
	if n := w.count(t, `SELECT sum(cardinality(entries)) FROM guichet.trace WHERE type = 'access-log.read'`); n != 2151 {
		t.Errorf("the entries name %d lines", n)
	}
	if n := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'access-log.read'`); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}
