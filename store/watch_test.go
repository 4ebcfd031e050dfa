package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"

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
	w.signInAs(t, record.Identity{Family: "DUBOIS", Given: "Jean"}, "psc2", record.RoleNurse, "")
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
	nurse := w.signInAs(t, record.Identity{Family: "DUBOIS", Given: "Jean"}, "psc2", record.RoleNurse, "")
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

// TestOursIsWhatWeSend: every statement that this package sends as a listener is
// ours, and what honest traffic never has is not (L3).
func TestOursIsWhatWeSend(t *testing.T) {
	db := storetest.New(t).Superuser(t)
	ours := func(login, query string) bool {
		t.Helper()
		whole := number(t, db, `SELECT guichet.is_ours($1, $2)::integer`, login, query)
		if number(t, db, `SELECT guichet.is_ours($1, left($2, 127))::integer`, login, query) < whole { // as little as a server may show of it
			t.Errorf("%.60q is ours, and its beginning is not", query)
		}
		return whole == 1
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	statement := regexp.MustCompile(`^\s*[A-Z]{2,}\s`)
	sent := map[string]string{"catalogue.sql": catalogue(t)}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "migrate.go" || file == "prepare.go" { // as the owner, or a superuser
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if value, err := strconv.Unquote(l.Value); err == nil && statement.MatchString(value) {
					sent[fmt.Sprint(file, " ", l.Pos())] = value
				}
			}
			return true
		})
		if strings.Contains(string(text), ".together(") && file != "deposit.go" {
			t.Errorf("%s begins a transaction: is_ours knows of the intake's alone", file)
		}
	}
	sent["migrate.go, what is pending"] = `SELECT name, checksum FROM guichet.migration ORDER BY name`
	for where, query := range sent {
		for _, login := range store.Roles {
			if !ours(login, query) {
				t.Errorf("%s: %.100q of %s is not ours", where, query, login)
			}
		}
	}
	if len(sent) < 60 {
		t.Errorf("only %d statements found", len(sent))
	}
	for _, query := range []string{"", ";"} {
		if !ours("guichet_portal", query) {
			t.Errorf("%q is not ours", query)
		}
	}
	for _, query := range []string{"BEGIN", "COMMIT", "ROLLBACK"} {
		if !ours("guichet_intake", query) || ours("guichet_portal", query) || ours("guichet_console", query) || ours("guichet_officer", query) || ours("guichet_sequencer", query) {
			t.Errorf("%s is the intake's alone", query)
		}
	}
	for _, query := range []string{"BEGIN", "begin", "BEGIN ISOLATION LEVEL SERIALIZABLE", "SET synchronous_commit = off", "EXPLAIN ANALYZE SELECT guichet.ask_home($1, $2, $3)", "DO $$ BEGIN END $$", "DECLARE c CURSOR FOR SELECT guichet.flush()",
		"SELECT guichet.flush(); COMMIT", "SELECT guichet.flush();SELECT 2", "COMMIT; SELECT guichet.flush()", "/* */ BEGIN -- guichet", "-- SELECT guichet\nSET x = 1", "WITH guichet AS (SELECT 1) SELECT", "SAVEPOINT guichet",
		"PREPARE TRANSACTION 'guichet'", "COPY (SELECT guichet.flush()) TO STDOUT", "SELECTED guichet"} {
		for _, login := range store.Roles {
			if ours(login, query) && (login != "guichet_intake" || query != "BEGIN") {
				t.Errorf("%q of %s is ours", query, login)
			}
		}
	}
}

func catalogue(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("catalogue.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestHonestTrafficIsNotStrange, of every role that a process has connections as:
// also those that are idle show what they sent last.
func TestHonestTrafficIsNotStrange(t *testing.T) {
	w := newWatched(t)
	for _, role := range store.Roles[1:] {
		s := w.Open(t, role)
		if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "clock") { // which stands still here
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	other := w.depositOf(t, lea, "200", "C2", record.Contact{})
	her := w.signInAs(t, lea, "sub", record.RolePatient, "")
	w.read(t, her, other, granted)
	w.list(t, within(usersNetwork))
	if err := w.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := number(t, w.admin, `SELECT count(DISTINCT usename) FROM pg_stat_activity WHERE datname = current_database() AND usename LIKE 'guichet\_%' AND query <> ''`); n != 5 {
		t.Errorf("%d roles are connected", n)
	}
	if got := word(t, w.admin, `SELECT string_agg(t.reason, ' ') FROM guichet.trace t WHERE t.type = 'statement.strange'`); got != "" {
		t.Errorf("strange: %s", got)
	}
}
