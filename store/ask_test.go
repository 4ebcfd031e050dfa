package store_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
)

// crowd has several read one after the other's heels: the first ask is held up
// until all others wait, so that these go in one call.
func (x *target) crowd(t *testing.T, readers []func() error) []error {
	t.Helper()
	lock, err := x.Superuser(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback()
	if _, err := lock.Exec(`LOCK TABLE guichet.trace IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, len(readers))
	var all sync.WaitGroup
	start := func(i int) { all.Go(func() { errs[i] = readers[i]() }) }
	start(0)
	observer := x.Superuser(t)
	for held := false; !held; { // the first call waits for the table
		if err := observer.QueryRow(`SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'guichet.trace'::regclass AND NOT granted)`).Scan(&held); err != nil {
			t.Fatal(err)
		}
	}
	for i := 1; i < len(readers); i++ {
		start(i)
	}
	for x.portal.Waiting() < len(readers)-1 {
		runtime.Gosched()
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	return errs
}

// TestAsksThatWaitGoTogether: one transaction for all who waited, and each is
// answered as if alone: their own report, a refusal, an ended session.
func TestAsksThatWaitGoTogether(t *testing.T) {
	x := newTarget(t)
	ended := x.again
	read := func(req store.Request, id record.ReportID, want string) func() error {
		return func() error {
			got, err := x.portal.ReadReport(t.Context(), req, id)
			if err != nil {
				return err
			}
			if value := got.Report.Panels[0].Observations[0].Value.Text; value != want {
				return fmt.Errorf("got another report")
			}
			return nil
		}
	}
	var readers []func() error
	var want []fault.Kind
	const none fault.Kind = -1
	add := func(kind fault.Kind, r func() error) { readers, want = append(readers, r), append(want, kind) }
	for range 10 {
		add(none, read(x.token, x.own, "11.20"))
		add(none, read(x.tokenTwo, x.other, "13.0"))
		add(fault.NotFound, read(x.token, x.other, ""))
		add(fault.Ended, read(ended, x.own, ""))
		add(none, func() error { _, err := x.portal.ReadHome(t.Context(), x.token); return err })
		add(none, func() error {
			_, err := x.portal.ReadAccessLog(t.Context(), x.tokenTwo, store.AccessFilter{}, 0)
			return err
		})
		add(none, func() error { _, err := x.portal.ReadAccount(t.Context(), x.token); return err })
		add(none, func() error { _, err := x.portal.ReadOriginal(t.Context(), x.token, x.own); return err })
	}
	for i, err := range x.crowd(t, readers) {
		if want[i] == none && err != nil || want[i] != none && fault.KindOf(err) != want[i] {
			t.Errorf("reader %d: got %v", i, err)
		}
	}
	var entries, transactions, refused int
	if err := x.Superuser(t).QueryRow(`SELECT count(*), count(DISTINCT xid), count(*) FILTER (WHERE outcome = 'refused')
		FROM guichet.trace WHERE type IN ('report.read', 'account.read', 'document.read', 'access-log.read') OR type = 'home.read' AND account IN (SELECT account FROM guichet.trace WHERE type = 'report.read')`).Scan(&entries, &transactions, &refused); err != nil {
		t.Fatal(err)
	}
	if entries < len(readers) || refused != 20 {
		t.Errorf("got %d entries, %d of them refused", entries, refused)
	}
	if transactions > 5 { // the first alone, the others by 64, and what the fixture read
		t.Errorf("%d asks took %d transactions", len(readers), transactions)
	}
	t.Logf("%d asks in %d transactions", entries, transactions)
}

// TestAskThatFailsTouchesNoNeighbour: one element makes the whole call fail in
// the database; all others are answered, it alone is not.
func TestAskThatFailsTouchesNoNeighbour(t *testing.T) {
	x := newTarget(t)
	if _, err := x.Superuser(t).Exec(`CREATE OR REPLACE FUNCTION guichet.touch(wanted uuid, seen timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		IF (SELECT s.token FROM guichet.session s WHERE s.id = wanted) = sha256('\x` + fmt.Sprintf("%x", x.tokenTwo.Token) + `'::bytea) THEN RAISE 'broken'; END IF; END $$`); err != nil {
		t.Fatal(err)
	}
	var readers []func() error
	for i := range 20 {
		req, id := x.token, x.own
		if i == 7 {
			req, id = x.tokenTwo, x.other
		}
		readers = append(readers, func() error { _, err := x.portal.ReadReport(t.Context(), req, id); return err })
	}
	for i, err := range x.crowd(t, readers) {
		if i == 7 && fault.KindOf(err) != fault.Unavailable || i != 7 && err != nil {
			t.Errorf("reader %d: got %v", i, err)
		}
	}
}

// TestPeerIsTracedWhereItDiffers, alone and in company (TR2.d).
func TestPeerIsTracedWhereItDiffers(t *testing.T) {
	x := newTarget(t)
	direct, behind := x.token, x.tokenTwo
	direct.Peer = direct.Address
	behind.Peer = netip.MustParseAddr("2001:db8::5")
	var people sync.WaitGroup
	for range 10 {
		for _, req := range []store.Request{direct, behind} {
			people.Go(func() {
				if _, err := x.portal.ReadReports(t.Context(), req); err != nil {
					t.Error(err)
				}
			})
		}
	}
	people.Wait()
	got := word(t, x.Superuser(t), `SELECT string_agg(n || ' ' || client || ' ' || peer, ', ' ORDER BY peer) FROM
		(SELECT count(*) AS n, host(ip) AS client, coalesce(host(peer), '-') AS peer FROM guichet.trace WHERE type = 'report.list' GROUP BY 2, 3) g`)
	if want := "10 192.0.2.7 -, 10 192.0.2.7 2001:db8::5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
