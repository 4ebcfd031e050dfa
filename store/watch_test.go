package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"

	"github.com/google/uuid"
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

// watched is a hospital whose log has come as far as its traces do, and which
// looks at them.
type watched struct {
	*incident
	admin *sql.DB
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	x := newIncident(t)
	return &watched{incident: x, admin: x.Superuser(t)}
}

// rings keeps the house and returns the kinds about reads that rang since the
// last time.
func (w *watched) rings(t *testing.T) []string {
	t.Helper()
	if _, err := w.admin.Exec(`UPDATE guichet.log_state SET entry = (SELECT max(id) FROM guichet.trace)`); err != nil {
		t.Fatal(err)
	}
	if err := w.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	kinds := alerts(t, w.portal)
	slices.Sort(kinds)
	return slices.DeleteFunc(kinds, func(kind string) bool {
		return !slices.Contains([]string{"refused-reads", "many-patients", "emergency-use", "odd-hours"}, kind)
	})
}

func (w *watched) pass(t *testing.T, d time.Duration) {
	t.Helper()
	w.at = w.at.Add(d)
	w.SetClock(t, w.at)
}

// grant lets a role's account read the record that a report belongs to.
func (w *watched) grant(t *testing.T, role, kind string, report record.ReportID) {
	t.Helper()
	if _, err := w.admin.Exec(`INSERT INTO guichet.grants (id, account, patient, kind, purpose, starts, made_by, entry)
		SELECT gen_random_uuid(), a.id, r.patient, $3, 'care', $2, a.id, 0 FROM guichet.account a, guichet.report r WHERE a.role = $4 AND r.id = $1`, report.String(), w.at, kind, role); err != nil {
		t.Fatal(err)
	}
}

func (w *watched) read(t *testing.T, as store.Request, report record.ReportID, want fault.Kind) {
	t.Helper()
	as.ID = uuid.New()
	if _, err := w.portal.ReadReport(t.Context(), as, report); (want == fault.Internal) != (err == nil) || err != nil && fault.KindOf(err) != want {
		t.Fatalf("got %v", err)
	}
}

const granted = fault.Internal // no error has a kind

// TestRefusedReadsInARowRing, of one account, across what the same person may
// read elsewhere; one read that is not refused begins anew.
func TestRefusedReadsInARowRing(t *testing.T) {
	w := newWatched(t)
	w.choose(t, "alert.refused", "4")
	own := w.depositOf(t, camille, "100", "C1", record.Contact{})
	other := w.depositOf(t, lea, "200", "C2", record.Contact{})
	her := w.signInAs(t, camille, "sub", record.RolePatient, "")
	another := w.signInAs(t, lea, "sub2", record.RolePatient, "")
	refuse := func(n int) {
		for range n {
			w.read(t, her, other, fault.NotFound)
		}
	}
	refuse(3)
	w.read(t, her, own, granted)
	refuse(2)
	w.read(t, another, own, fault.NotFound)
	if got := w.rings(t); len(got) != 0 {
		t.Errorf("two in a row: %v", got)
	}
	refuse(1)
	w.read(t, another, other, granted) // somebody else's
	if got := w.rings(t); len(got) != 0 {
		t.Errorf("three in a row: %v", got)
	}
	refuse(1)
	if got := w.rings(t); !slices.Equal(got, []string{"refused-reads"}) {
		t.Errorf("four in a row: %v", got)
	}
	if n := number(t, w.admin, `SELECT count(*) FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'refused-reads' AND t.type = 'report.read' AND t.outcome = 'refused'`); n != 1 {
		t.Error("the alert does not name a refused read")
	}
	refuse(4)
	if got := w.rings(t); len(got) != 0 {
		t.Errorf("within the hour again: %v", got)
	}
	w.pass(t, 25*time.Hour)
	if w.rings(t); number(t, w.admin, `SELECT count(*) FROM guichet.watch_refused`) != 0 {
		t.Error("kept for longer than a day")
	}
}

// TestProfessionalsReadsRing: many patients within a while, odd hours, and each
// emergency.
func TestProfessionalsReadsRing(t *testing.T) {
	w := newWatched(t)
	w.choose(t, "alert.patients", "2")
	doctor := w.signInAs(t, record.Identity{Family: "LEMAIRE", Given: "Pascale"}, "psc", record.RolePhysician, "")
	nurse := w.signInAs(t, record.Identity{Family: "DUBOIS", Given: "Jean"}, "psc2", record.RoleNurse, "")
	var reports []record.ReportID
	for i, one := range []record.Identity{camille, lea, {Family: "PETIT", Given: "Nina", Birthdate: "1991-05-05", Sex: record.Female, Birthplace: "75101"}} {
		report := w.depositOf(t, one, fmt.Sprint(100+i), fmt.Sprint("C", i), record.Contact{})
		w.grant(t, "physician", "care", report)
		reports = append(reports, report)
	}
	w.grant(t, "nurse", "emergency", reports[0])
	again := func() store.Request {
		return w.signInAs(t, record.Identity{Family: "LEMAIRE", Given: "Pascale"}, "psc", record.RolePhysician, "")
	}
	for _, i := range []int{0, 1, 0, 1} {
		w.read(t, doctor, reports[i], granted)
	}
	w.pass(t, time.Hour)
	doctor = again()
	w.read(t, doctor, reports[2], granted)
	if got := w.rings(t); len(got) != 0 {
		t.Errorf("two, and one an hour later: %v", got)
	}
	if n := number(t, w.admin, `SELECT count(*) FROM guichet.watch_reader`); n != 1 {
		t.Errorf("%d readings are kept, want the one of the last hour", n)
	}
	w.read(t, doctor, reports[1], granted)
	if got := w.rings(t); len(got) != 0 {
		t.Errorf("two within the hour: %v", got)
	}
	w.read(t, doctor, reports[0], granted)
	if got := w.rings(t); !slices.Equal(got, []string{"many-patients"}) {
		t.Errorf("three within the hour: %v", got)
	}
	nurse = w.signInAs(t, record.Identity{Family: "DUBOIS", Given: "Jean"}, "psc2", record.RoleNurse, "")
	w.read(t, nurse, reports[0], granted)
	w.read(t, nurse, reports[0], granted)
	if got := w.rings(t); !slices.Equal(got, []string{"emergency-use"}) {
		t.Errorf("an emergency: %v", got)
	}
	w.pass(t, 2*time.Hour)
	nurse = w.signInAs(t, record.Identity{Family: "DUBOIS", Given: "Jean"}, "psc2", record.RoleNurse, "")
	w.read(t, nurse, reports[0], granted)
	if got := w.rings(t); !slices.Equal(got, []string{"emergency-use"}) {
		t.Errorf("an emergency, hours later: %v", got)
	}
}

// TestOddHoursRing by the hospital's clock, for professionals, where it chose to.
func TestOddHoursRing(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	w := newWatched(t)
	report := w.depositOf(t, camille, "100", "C1", record.Contact{})
	w.signInAs(t, record.Identity{Family: "LEMAIRE", Given: "Pascale"}, "psc", record.RolePhysician, "")
	w.grant(t, "physician", "care", report)
	day := w.at.In(paris)
	for i, c := range []struct {
		setting string
		hour    int
		minute  int
		rings   bool
	}{
		{"off", 3, 0, false}, {"0-5", 0, 0, true}, {"0-5", 4, 59, true}, {"0-5", 5, 0, false}, {"0-5", 23, 59, false},
		{"22-6", 21, 59, false}, {"22-6", 22, 0, true}, {"22-6", 5, 59, true}, {"22-6", 6, 0, false}, {"22-24", 23, 30, true}, {"22-24", 0, 30, false},
	} {
		w.pass(t, time.Date(day.Year(), day.Month(), day.Day()+1+i, c.hour, c.minute, 0, 0, paris).Sub(w.at))
		w.choose(t, "alert.hours", c.setting)
		patient := w.signInAs(t, camille, "sub", record.RolePatient, "")
		w.read(t, patient, report, granted)
		if got := w.rings(t); len(got) != 0 {
			t.Errorf("%s at %d:%02d, the patient: %v", c.setting, c.hour, c.minute, got)
		}
		doctor := w.signInAs(t, record.Identity{Family: "LEMAIRE", Given: "Pascale"}, "psc", record.RolePhysician, "")
		w.read(t, doctor, report, granted)
		if got := w.rings(t); slices.Equal(got, []string{"odd-hours"}) != c.rings || !c.rings && len(got) != 0 {
			t.Errorf("%s at %d:%02d: %v", c.setting, c.hour, c.minute, got)
		}
	}
}

// TestReadsAreLookedAtOnce, in order, by one of many, as far as the log is and
// no further.
func TestReadsAreLookedAtOnce(t *testing.T) {
	w := newWatched(t)
	w.choose(t, "alert.refused", "3")
	other := w.depositOf(t, lea, "200", "C2", record.Contact{})
	w.depositOf(t, camille, "100", "C1", record.Contact{})
	her := w.signInAs(t, camille, "sub", record.RolePatient, "")
	w.rings(t)
	for range 3 {
		w.read(t, her, other, fault.NotFound)
	}
	if err := w.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := alerts(t, w.portal); len(got) != 0 {
		t.Errorf("before they have their places: %v", got)
	}
	if _, err := w.admin.Exec(`UPDATE guichet.log_state SET entry = (SELECT max(id) FROM guichet.trace)`); err != nil {
		t.Fatal(err)
	}
	var keepers sync.WaitGroup
	for range 4 {
		process := w.Open(t, "guichet_portal")
		keepers.Go(func() {
			if err := process.Housekeep(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	keepers.Wait()
	if got := word(t, w.admin, `SELECT string_agg(refused::text, ' ') FROM guichet.watch_refused`); got != "3 3" {
		t.Errorf("account and session have %s, want 3 3", got)
	}
	if got := alerts(t, w.portal); !slices.Equal(got, []string{"refused-reads"}) {
		t.Errorf("got %v", got)
	}
	if n := number(t, w.admin, `SELECT count(*) FROM guichet.watch_state w, guichet.log_state l WHERE w.entry = l.entry`); n != 1 {
		t.Error("it did not come as far as the log")
	}
}
