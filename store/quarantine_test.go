package store_test

import (
	"errors"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/store"
	"guichet/store/storetest"

	"github.com/google/uuid"
)

func (w *world) operator(t testing.TB) store.Request {
	t.Helper()
	req := storetest.Request()
	if err := w.intake.OpenOperator(t.Context(), req, "root", store.Limits{Lifetime: time.Minute}); err != nil {
		t.Fatal(err)
	}
	return req
}

var refused = store.Refused{Format: store.FHIRR4, Sender: "LABO", Control: "C1", Target: "PUT Patient/1", Raw: []byte("raw"), Reason: "traits-missing"}

// TestQuarantine: a message that was refused is listed without its content,
// read with it, and leaves the list once it was taken in; each step is traced.
func TestQuarantine(t *testing.T) {
	w := newWorld(t)
	for range 2 { // the same message is kept once
		if err := w.intake.Quarantine(t.Context(), w.feed, refused); err != nil {
			t.Fatal(err)
		}
	}
	req := w.operator(t)
	list, err := w.intake.ListQuarantine(t.Context(), req, uuid.Nil)
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d messages, %v", len(list), err)
	}
	if list[0].Reason != refused.Reason || list[0].Raw != nil || list[0].At.IsZero() {
		t.Errorf("got %+v", list[0])
	}
	got, err := w.intake.ReadQuarantined(t.Context(), req, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Format != refused.Format || got.Sender != refused.Sender || got.Control != refused.Control || got.Target != refused.Target || string(got.Raw) != "raw" || got.Reason != refused.Reason {
		t.Errorf("got %+v", got)
	}
	if err := w.intake.Release(t.Context(), req, got.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := w.intake.ListQuarantine(t.Context(), req, uuid.Nil); err != nil || len(list) != 0 {
		t.Errorf("after its release: got %d messages, %v", len(list), err)
	}
	if _, err := w.intake.ReadQuarantined(t.Context(), req, got.ID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("after its release: got %v", err)
	}
	if err := w.intake.EndSession(t.Context(), req, "closed"); err != nil {
		t.Fatal(err)
	}
	var entries string
	if err := w.Superuser(t).QueryRow(`SELECT string_agg(type || ' ' || outcome, ', ' ORDER BY id) FROM guichet.trace WHERE role = 'operator' OR type LIKE 'quarantine.%'`).Scan(&entries); err != nil {
		t.Fatal(err)
	}
	if want := "operator.open granted, quarantine.list granted, quarantine.read granted, quarantine.release granted, quarantine.list granted, quarantine.read refused, operator.close granted"; entries != want {
		t.Errorf("traced %s", entries)
	}
}

// TestQuarantineIsForOperators: what a feed left it cannot read again.
func TestQuarantineIsForOperators(t *testing.T) {
	w := newWorld(t)
	if err := w.intake.Quarantine(t.Context(), w.feed, refused); err != nil {
		t.Fatal(err)
	}
	if _, err := w.intake.ListQuarantine(t.Context(), w.feed, uuid.Nil); fault.KindOf(err) != fault.NotFound {
		t.Errorf("list: got %v", err)
	}
	var id uuid.UUID
	if err := w.Superuser(t).QueryRow(`SELECT id FROM guichet.quarantine`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.intake.ReadQuarantined(t.Context(), w.feed, id); fault.KindOf(err) != fault.NotFound {
		t.Errorf("read: got %v", err)
	}
	if err := w.intake.Release(t.Context(), w.feed, id); err != nil {
		t.Fatal(err)
	}
	var ends int
	if err := w.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.quarantine_end`).Scan(&ends); err != nil || ends != 0 {
		t.Errorf("a feed released a message: %d, %v", ends, err)
	}
}

// TestQuarantineOfTheFirstForm: rows of before the second form are HL7 v2.
func TestQuarantineOfTheFirstForm(t *testing.T) {
	w := newWorld(t)
	id := uuid.Must(uuid.NewV7())
	sealed, err := w.Keys.Service().Seal([]byte("MSH|^~"), envelope.Place{Table: "quarantine", Column: "sealed", Record: id.String(), Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Superuser(t).Exec(`INSERT INTO guichet.quarantine VALUES ($1, 1, '\x01', 'syntax', $2, now())`, id, sealed); err != nil {
		t.Fatal(err)
	}
	got, err := w.intake.ReadQuarantined(t.Context(), w.operator(t), id)
	if err != nil || got.Format != store.HL7v2 || string(got.Raw) != "MSH|^~" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestReplayIsNotNewerThanItsTime: what lay in quarantine does not take the
// place of a version that came after it.
func TestReplayIsNotNewerThanItsTime(t *testing.T) {
	w := newWorld(t)
	old := bundle("C1", "O1")
	if err := w.intake.Quarantine(t.Context(), w.feed, store.Refused{Format: store.HL7v2, Sender: old.Sender, Control: old.Control, Raw: old.Raw, Reason: "internal"}); err != nil {
		t.Fatal(err)
	}
	w.deposit(t, bundle("C2", "O1"))
	_, err := w.intake.Deposit(t.Context(), w.operator(t), old)
	if withheld, ok := errors.AsType[*store.Withheld](err); !ok || withheld.Reason != "newer-stored" {
		t.Errorf("got %v", err)
	}
	later := bundle("C3", "O1")
	if err := w.intake.Quarantine(t.Context(), w.feed, store.Refused{Format: store.HL7v2, Sender: later.Sender, Control: later.Control, Raw: later.Raw, Reason: "internal"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.intake.Deposit(t.Context(), w.operator(t), later); err != nil {
		t.Error("what came last:", err)
	}
}
