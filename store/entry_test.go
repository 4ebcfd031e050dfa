package store_test

import (
	"crypto/sha256"
	"os"
	"regexp"
	"testing"
	"time"

	"guichet/traces"
)

// entry reads the latest entry of a type as its bytes say it.
func (x *target) entry(t *testing.T, kind traces.Type) (traces.Entry, traces.Context) {
	t.Helper()
	var bytes, context []byte
	if err := x.Superuser(t).QueryRow(`SELECT bytes, context FROM guichet.trace WHERE type = $1 AND outcome = 'granted' ORDER BY id DESC LIMIT 1`, string(kind)).Scan(&bytes, &context); err != nil {
		t.Fatal(err)
	}
	e, err := traces.ParseEntry(bytes)
	if err != nil {
		t.Fatal(err)
	}
	c, err := traces.ParseContext(context)
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(context) != e.Context {
		t.Error("the entry has not the hash of its context")
	}
	return e, c
}

// TestEntryOfARead: who, as what, whose record, by which grant and for what, what was
// disclosed in which version; from where, in which session, request and process
// (TR2).
func TestEntryOfARead(t *testing.T) {
	x := newTarget(t)
	if _, err := x.portal.ReadReport(t.Context(), x.token, x.own); err != nil {
		t.Fatal(err)
	}
	e, c := x.entry(t, traces.ReportRead)
	if e.Role != "patient" || e.Ground != "self" || e.Purpose == "" || e.Patient.String() != x.patient.String() || e.Behalf != [16]byte{} || e.Reason != "grant" {
		t.Errorf("got %+v", e)
	}
	if time.Since(e.At) > time.Minute || e.At.Location() != time.UTC {
		t.Errorf("at %v", e.At)
	}
	named := make(map[string]bool)
	for _, r := range e.Records {
		named[r.Kind+" "+r.ID.String()] = r.Version >= 1
	}
	if !named["report "+x.own.String()] || !named["patient "+x.patient.String()] {
		t.Errorf("names %v", e.Records)
	}
	if c.IP != x.token.Address.String() || c.Login != "guichet_portal" || c.Request != x.token.ID || c.Session == [16]byte{} || c.Process == [16]byte{} || c.XID == 0 {
		t.Errorf("from %+v", c)
	}
	// The random bytes of two entries differ, and so do those of an entry and of
	// where it came from.
	if e.Salt == c.Salt || e.Salt == [32]byte{} {
		t.Error("no random bytes of its own")
	}
}

// TestEntryOnBehalf: under a mandate, the account takes the patient's place.
func TestEntryOnBehalf(t *testing.T) {
	x := newTarget(t)
	if _, err := x.Superuser(t).Exec(`INSERT INTO guichet.grants (id, account, patient, kind, purpose, starts, made_by, entry)
		SELECT gen_random_uuid(), s.account, r.patient, 'mandate', 'parent', now(), s.account, 0 FROM guichet.session s, guichet.report r WHERE s.token = sha256($1) AND r.id = $2`, x.token.Token, x.other.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.portal.ReadReport(t.Context(), x.token, x.other); err != nil {
		t.Fatal(err)
	}
	if e, _ := x.entry(t, traces.ReportRead); e.Behalf != e.Patient || e.Ground != "mandate" || e.Purpose != "parent" {
		t.Errorf("got %+v", e)
	}
}

// TestEntryOfAChange: each version says what it replaced (TR1.f).
func TestEntryOfAChange(t *testing.T) {
	x := newTarget(t)
	sampled := time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC)
	x.deposit(t, bloodCount(camille, "100", "D1", "O9", "11.20", sampled))
	first, _ := x.entry(t, traces.ReportDeposit)
	if first.Before != [32]byte{} || first.After == [32]byte{} {
		t.Errorf("of a new report: %x, %x", first.Before, first.After)
	}
	x.deposit(t, bloodCount(camille, "100", "D2", "O9", "11.90", sampled))
	second, _ := x.entry(t, traces.ReportDeposit)
	if second.Before != first.After || second.After == first.After || second.Records[0].Version != 2 {
		t.Errorf("of its second version: replaces %x, was %x", second.Before, first.After)
	}
}

// TestEntryTakesNoLineFromOutside: text that would be another line is refused.
func TestEntryTakesNoLineFromOutside(t *testing.T) {
	x := newTarget(t)
	admin := x.Superuser(t)
	before := number(t, admin, `SELECT count(*) FROM guichet.trace`)
	for _, text := range []string{"psc\naccount 01a22e5c-3cd6-74be-8810-2e4f6f094a9c", "with blank", "é"} {
		if _, err := admin.Exec(`SELECT guichet.leave_trace('sign-in', ROW('refused', 'denied', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::guichet.verdict, NULL, '{}', $1, '{192.0.2.1}', gen_random_uuid())`, text); sqlState(err) != "22023" {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if after := number(t, admin, `SELECT count(*) FROM guichet.trace`); after != before {
		t.Errorf("%d entries were left", after-before)
	}
}

// TestEarlierEntries: what was left before entries had bytes was given those that
// written gives.
func TestEarlierEntries(t *testing.T) {
	x := newTarget(t)
	if _, err := x.portal.ReadReports(t.Context(), x.token); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("migrations/0016_log.sql")
	if err != nil {
		t.Fatal(err)
	}
	updates := regexp.MustCompile(`(?s)UPDATE guichet\.trace SET .*?;`).FindAllString(string(text), -1)
	if len(updates) != 2 {
		t.Fatalf("the migration has %d updates, want 2", len(updates))
	}
	admin := x.Superuser(t)
	for _, query := range append([]string{`UPDATE guichet.trace SET behalf = NULL, purpose = NULL, before = NULL, after = NULL, process = NULL, context = '', bytes = ''`}, updates...) {
		if _, err := admin.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	if all, good := number(t, admin, `SELECT count(*) FROM guichet.trace`), number(t, admin, `SELECT count(*) FROM guichet.trace t WHERE guichet.is_written(t)`); good != all || all < 8 {
		t.Errorf("%d of %d entries are written as they would be today", good, all)
	}
}
