package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
)

// bundle is a message of several reports of one patient.
func bundle(control string, orders ...string) *store.Deposit {
	d := bloodCount(camille, "100", control, orders[0], "11.2", sampled)
	for _, order := range orders[1:] {
		d.Reports = append(d.Reports, bloodCount(camille, "100", control, order, "12."+order[1:], sampled).Reports[0])
	}
	return d
}

// TestReportsOfOneMessage are stored together, each with an entry of its own,
// under one original.
func TestReportsOfOneMessage(t *testing.T) {
	w := newWorld(t)
	receipt := w.deposit(t, bundle("C1", "O1", "O2", "O3"))
	if len(receipt.Reports) != 3 {
		t.Fatalf("got %+v", receipt)
	}
	before := w.counts(t)
	if again := w.deposit(t, bundle("C1", "O1", "O2", "O3")); !again.Resend || w.counts(t) != before {
		t.Errorf("a resend changed something: %+v", again)
	}
	token := w.signIn(t, camille, "sub")
	reports, err := w.portal.ReadReports(t.Context(), token)
	if err != nil || len(reports.Reports) != 3 {
		t.Fatalf("got %d reports, %v", len(reports.Reports), err)
	}
	for _, stored := range receipt.Reports {
		if _, err := w.portal.ReadReport(t.Context(), token, stored.ID); err != nil {
			t.Error(err)
		}
	}
	var messages, entries, transactions int
	if err := w.Superuser(t).QueryRow(`SELECT (SELECT count(*) FROM guichet.message), count(*), count(DISTINCT xid) FROM guichet.trace WHERE type = 'report.deposit'`).Scan(&messages, &entries, &transactions); err != nil {
		t.Fatal(err)
	}
	if messages != 1 || entries != 3 || transactions != 1 {
		t.Errorf("got %d originals, %d entries in %d transactions", messages, entries, transactions)
	}
}

// TestReportsAreStoredTogetherOrNot: the last of three cannot be stored.
func TestReportsAreStoredTogetherOrNot(t *testing.T) {
	w := newWorld(t)
	before := w.counts(t)
	d := bundle("C1", "O1", "O2", "O3")
	d.Reports[2].Orders = nil
	if _, err := w.intake.Deposit(t.Context(), w.feed, d); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("got %v, want invalid", err)
	}
	var rows int
	if err := w.Superuser(t).QueryRow(`SELECT (SELECT count(*) FROM guichet.report) + (SELECT count(*) FROM guichet.observation) + (SELECT count(*) FROM guichet.message)
		+ (SELECT count(*) FROM guichet.patient) + (SELECT count(*) FROM guichet.trace WHERE type = 'report.deposit')`).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 0 {
		t.Errorf("%d rows are left; before: %s", rows, before)
	}
}

// TestOneOrderTwiceInAMessage: two reports that answer one order are two
// versions of one report.
func TestOneOrderTwiceInAMessage(t *testing.T) {
	w := newWorld(t)
	receipt := w.deposit(t, bundle("C1", "O1", "O1"))
	if receipt.Reports[0].ID != receipt.Reports[1].ID || receipt.Reports[1].Version != 2 {
		t.Errorf("got %+v", receipt)
	}
}

// TestBundlesAtOnce deposits the same orders over and over, in both
// directions: nobody is left out, and the last version is the count.
func TestBundlesAtOnce(t *testing.T) {
	w := newWorld(t)
	const senders = 8
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			orders := []string{"O1", "O2"}
			if i%2 == 1 {
				orders = []string{"O2", "O1"}
			}
			if _, err := w.intake.Deposit(t.Context(), w.feed, bundle(fmt.Sprint("C", i), orders...)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var reports, versions int
	if err := w.Superuser(t).QueryRow(`SELECT count(DISTINCT id), count(*) FROM guichet.report`).Scan(&reports, &versions); err != nil {
		t.Fatal(err)
	}
	if reports != 2 || versions != 2*senders {
		t.Errorf("got %d reports in %d versions, want 2 in %d", reports, versions, 2*senders)
	}
}

// TestPatientAlone: a message may make a patient before any report comes.
func TestPatientAlone(t *testing.T) {
	w := newWorld(t)
	d := bloodCount(camille, "100", "C1", "O1", "11.2", sampled)
	d.Reports = nil
	if receipt := w.deposit(t, d); receipt.Resend || len(receipt.Reports) != 0 {
		t.Errorf("got %+v", receipt)
	}
	if receipt := w.deposit(t, d); !receipt.Resend {
		t.Error("not known as a resend")
	}
	home, err := w.portal.ReadHome(t.Context(), w.signIn(t, camille, "sub"))
	if err != nil || home.Patient == nil || len(home.Reports) != 0 {
		t.Fatalf("got %+v, %v", home, err)
	}
	var named string
	if err := w.Superuser(t).QueryRow(`SELECT array_to_string(kinds, ' ') FROM guichet.trace WHERE type = 'patient.deposit'`).Scan(&named); err != nil || named != "message patient" {
		t.Errorf("the entry names %q, %v", named, err)
	}
}

// TestFamiliarPatient: the next message of a patient asks for no keyset, and
// finds the patient anew where what is known no longer holds.
func TestFamiliarPatient(t *testing.T) {
	w := newWorld(t)
	finds := func() (n int) {
		if err := w.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace WHERE type = 'patient.find'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	w.deposit(t, bundle("C1", "O1"))
	w.deposit(t, bundle("C2", "O2"))
	w.deposit(t, bundle("C3", "O1"))
	if got := finds(); got != 1 {
		t.Errorf("three messages of one patient asked %d times", got)
	}
	if again := w.deposit(t, bundle("C3", "O1")); !again.Resend || finds() != 2 {
		t.Errorf("a resend: got %+v, asked %d times", again, finds())
	}

	w.deposit(t, bloodCount(lea, "200", "L1", "P1", "13.0", sampled))
	if _, err := w.Superuser(t).Exec(`UPDATE guichet.patient_index SET patient = (SELECT patient FROM guichet.message ORDER BY at DESC LIMIT 1)
		WHERE field = 'identifier' AND patient = (SELECT patient FROM guichet.message ORDER BY at LIMIT 1)`); err != nil {
		t.Fatal(err)
	}
	_, err := w.intake.Deposit(t.Context(), w.feed, bundle("C5", "O5"))
	if withheld, ok := errors.AsType[*store.Withheld](err); !ok || withheld.Reason != "traits-disagree" {
		t.Errorf("a number that became another patient's: got %v", err)
	}
}

// TestWholeReport: a message that is the whole report leaves nothing of the
// panels and documents that it does not mention.
func TestWholeReport(t *testing.T) {
	w := newWorld(t)
	first := bloodCount(camille, "100", "C1", "O1", "11.2", sampled)
	second := first.Reports[0].Report.Panels[0]
	second.Title, second.Code = "Ionogramme", record.Code{System: "LABO", Value: "IONO"}
	first.Reports[0].Report.Panels = append(first.Reports[0].Report.Panels, second)
	first.Reports[0].Orders = []string{"O1", "O1"}
	receipt := w.deposit(t, first)

	corrected := bloodCount(camille, "100", "C2", "O1", "11.3", sampled)
	corrected.Reports[0].Report.Documents = nil
	corrected.Reports[0].Whole = true
	w.deposit(t, corrected)
	got, err := w.portal.ReadReport(t.Context(), w.signIn(t, camille, "sub"), receipt.Reports[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Report.Panels) != 1 || len(got.Report.Documents) != 0 || got.Report.Panels[0].Observations[0].Value.Text != "11.3" {
		t.Errorf("got %d panels, %d documents", len(got.Report.Panels), len(got.Report.Documents))
	}
}

// TestWithdrawal: what was sent in error finds what it takes back, by any of
// the report's names, or is refused.
func TestWithdrawal(t *testing.T) {
	w := newWorld(t)
	withheld := func(d *store.Deposit) string {
		_, err := w.intake.Deposit(t.Context(), w.feed, d)
		if held, ok := errors.AsType[*store.Withheld](err); ok {
			return held.Reason
		}
		return fmt.Sprint(err)
	}
	lone := bundle("C0", "Observation/1")
	lone.Reports[0].Withdraws = true
	if got := withheld(lone); got != "nothing-to-withdraw" {
		t.Errorf("before anything was sent: got %s", got)
	}
	first := bundle("C1", "RAP1")
	first.Reports[0].Also, first.Reports[0].Holds = []string{"DiagnosticReport/1"}, []string{"Observation/1"}
	first.Reports[0].Whole = true
	receipt := w.deposit(t, first)

	if got := withheld(bundle("C2", "Observation/1")); got != "part-of-report" {
		t.Errorf("a part of it alone: got %s", got)
	}
	other := bundle("C4", "RAP2")
	other.Reports[0].Holds, other.Reports[0].Whole = []string{"Observation/1"}, true
	if stored := w.deposit(t, other); stored.Reports[0].ID == receipt.Reports[0].ID {
		t.Error("another report that names the same result replaced the first")
	}
	again := bundle("C3", "DiagnosticReport/1")
	again.Reports[0].Whole, again.Reports[0].Withdraws = true, true
	stored := w.deposit(t, again)
	if stored.Reports[0].ID != receipt.Reports[0].ID || stored.Reports[0].Version != 2 {
		t.Errorf("got %+v, want version 2 of %s", stored, receipt.Reports[0].ID)
	}
}
