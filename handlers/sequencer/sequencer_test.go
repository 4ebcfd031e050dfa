package sequencer_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/handlers/sequencer"
	"guichet/store"
	"guichet/store/storetest"
	"guichet/traces"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// memory publishes to itself.
type memory struct {
	all  [][]byte
	fail error
}

func (m *memory) Publish(_ context.Context, signed []byte) error {
	if m.fail != nil {
		return m.fail
	}
	m.all = append(m.all, signed)
	return nil
}

func (m *memory) Last() ([]byte, error) {
	if len(m.all) == 0 {
		return nil, nil
	}
	return m.all[len(m.all)-1], nil
}

// house is a database with its sequencer and its trace officer.
type house struct {
	*storetest.Database
	admin           *sql.DB
	portal, officer *store.Store
	as              store.Request // the officer
	signer          note.Signer
	verifier        note.Verifier
	published       *memory
	sequencer       *sequencer.Sequencer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	d := storetest.New(t)
	h := &house{Database: d, admin: d.Superuser(t), portal: d.Open(t, "guichet_portal"), officer: d.Open(t, "guichet_officer"), as: storetest.Request(), published: &memory{}}
	h.signer, h.verifier = newKey(t)
	h.sequencer = h.another(t)
	if err := h.officer.OpenOfficer(t.Context(), h.as, "dumas", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	return h
}

func newKey(t *testing.T) (note.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "guichet.example/traces")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

// another returns one more sequencer, as another process has it.
func (h *house) another(t *testing.T) *sequencer.Sequencer {
	t.Helper()
	s := sequencer.New(sequencer.Options{Store: h.Open(t, "guichet_sequencer"), Signer: h.signer, Verifier: h.verifier, Publisher: h.published, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(s.Close)
	return s
}

// leave leaves entries: refusals of an unknown session.
func (h *house) leave(t *testing.T, n int) {
	t.Helper()
	h.execAny(t, `SELECT guichet.refuse_page(sha256('nobody'), '{192.0.2.1}', gen_random_uuid()) FROM generate_series(1, $1)`, n)
}

// roll leaves and takes back an entry: a gap.
func (h *house) roll(t *testing.T) {
	t.Helper()
	db := h.SQL(t, "guichet_portal")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`SELECT guichet.refuse_page($1, '{192.0.2.1}', gen_random_uuid())`, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func (h *house) step(t *testing.T) {
	t.Helper()
	if _, err := h.sequencer.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// letGo ends the lead, and returns once PostgreSQL has seen it.
func (h *house) letGo(t *testing.T) {
	t.Helper()
	h.sequencer.Close()
	h.awaitNoLeader(t)
}

func (h *house) awaitNoLeader(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for h.number(t, `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database()`) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("somebody still leads")
		}
	}
}

func (h *house) verify(t *testing.T, earlier ...[]byte) (*traces.Report, error) {
	t.Helper()
	log, err := h.officer.OpenLog(t.Context(), h.as)
	if err != nil {
		t.Fatal(err)
	}
	return traces.Verify(t.Context(), log, h.verifier, earlier...)
}

func (h *house) mustVerify(t *testing.T, earlier ...[]byte) *traces.Report {
	t.Helper()
	report, err := h.verify(t, earlier...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func (h *house) number(t *testing.T, query string) (n int64) {
	t.Helper()
	if err := h.admin.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryEntryHasItsPlace(t *testing.T) {
	h := newHouse(t)
	for i := range 5 {
		h.leave(t, 150)
		if i%2 == 0 {
			h.roll(t)
			h.roll(t)
		}
		h.step(t)
	}
	entries, size := h.number(t, `SELECT count(*) FROM guichet.trace`), h.number(t, `SELECT size FROM guichet.log_state`)
	if entries != size || size < 750 {
		t.Fatalf("%d entries have %d places", entries, size)
	}
	report := h.mustVerify(t, h.published.all...)
	if report.Size != size || report.Missing != 4 || report.Checkpoints != len(h.published.all)+1 { // with the one that was kept
		t.Errorf("got %+v, want %d entries, 4 ids between them that no entry has, %d checkpoints", report, size, len(h.published.all)+1)
	}
	// What PostgreSQL hashes is what tlog hashes.
	var bytes []byte
	if err := h.admin.QueryRow(`SELECT bytes FROM guichet.trace ORDER BY id LIMIT 1`).Scan(&bytes); err != nil {
		t.Fatal(err)
	}
	tiles, err := h.officer.Tiles(t.Context()).ReadTiles([]tlog.Tile{{H: 8, L: 0, N: 0, W: 1}})
	if err != nil || tlog.Hash(tiles[0]) != tlog.RecordHash(bytes) {
		t.Errorf("the first hash is not that of the first entry: %v", err)
	}
	// Reading it all was traced, and nothing but reading (HE8.c).
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'trace.range' AND outcome = 'granted' AND role = 'officer'`); n != 1 {
		t.Errorf("%d entries say that the log was read, want 1", n)
	}
}

// TestCommitInFlight: an entry whose transaction is open while its neighbours are
// given places is neither lost nor put behind them.
func TestCommitInFlight(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 3)
	h.step(t)
	before := h.number(t, `SELECT size FROM guichet.log_state`)

	tx, err := h.SQL(t, "guichet_portal").Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`SELECT guichet.refuse_page($1, '{192.0.2.1}', gen_random_uuid())`, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	h.leave(t, 5) // committed, with ids after the one that is not
	h.step(t)
	if size := h.number(t, `SELECT size FROM guichet.log_state`); size != before {
		t.Errorf("%d entries were given a place while one before them may still come", size-before)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	h.step(t)
	if size := h.number(t, `SELECT size FROM guichet.log_state`); size != before+6 {
		t.Errorf("%d entries were given a place, want 6", size-before)
	}
	if report := h.mustVerify(t); report.Missing != 0 {
		t.Errorf("%d were lost", report.Missing)
	}
}

// TestForeignTransactionHoldsNothingUp: who writes elsewhere is not waited for.
func TestForeignTransactionHoldsNothingUp(t *testing.T) {
	h := newHouse(t)
	admin := h.admin
	if _, err := admin.Exec(`CREATE TABLE public.elsewhere (n int)`); err != nil {
		t.Fatal(err)
	}
	tx, err := admin.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`INSERT INTO public.elsewhere VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	h.leave(t, 2)
	h.step(t)
	if waiting := h.number(t, `SELECT count(*) FROM guichet.trace WHERE id > (SELECT entry FROM guichet.log_state)`); waiting != 0 {
		t.Errorf("%d entries wait for a transaction of another table", waiting)
	}
}

// TestOneLeads: of two sequencers one works; the other goes on where that one
// ends, and from what was stored.
func TestOneLeads(t *testing.T) {
	h := newHouse(t)
	other := h.another(t)
	h.leave(t, 300)
	h.step(t)
	h.leave(t, 10)
	if _, err := other.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE id > (SELECT entry FROM guichet.log_state)`); n != 10 {
		t.Errorf("%d entries wait, want 10: the second sequencer worked too", n)
	}
	h.letGo(t)
	if _, err := other.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE id > (SELECT entry FROM guichet.log_state)`); n != 0 {
		t.Errorf("%d entries wait, want none", n)
	}
	h.mustVerify(t, h.published.all...)
}

// TestLostLead: a sequencer whose connection was ended while it went on, and which
// another has overtaken, changes nothing.
func TestLostLead(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 3)
	h.step(t)
	if _, err := h.admin.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guichet_sequencer' AND datname = current_database()`); err != nil {
		t.Fatal(err)
	}
	h.awaitNoLeader(t)
	other := h.another(t)
	h.leave(t, 3)
	if _, err := other.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.leave(t, 3)
	if _, err := h.sequencer.Step(t.Context()); err == nil {
		t.Error("the one that lost its connection went on")
	}
	if _, err := other.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.mustVerify(t, h.published.all...)
}

// TestTwoAppends: who appends to a log that is not the one they went on from
// changes nothing, whatever connection they have.
func TestTwoAppends(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 3)
	h.step(t)
	db := h.SQL(t, "guichet_sequencer")
	for _, args := range []string{
		`0, 0, 1, 1, '{}', '{}', '{}', '{}', '{}', ''`,               // from the beginning
		`4, 4, 5, 9, '{}', '{}', '{}', '{}', '{}', ''`,               // more ids than places
		`4, 4, 4, 4, '{}', '{}', '{}', '{}', '{}', ''`,               // nothing
		`4, 4, 5, 5, '{}', '{}', '{0}', '{0}', '{"\\x00"}', ''`,      // a tile that is another
		`4, 4, 5, 5, '{}', '{}', '{0,0}', '{0,0}', '{"\\x00"}', ''`,  // not as many tiles as numbers
		`4, NULL, 5, 5, '{}', '{}', '{0}', '{0}', '{"\\x00"}', '\x'`, // not whole
	} {
		if _, err := db.Exec(`SELECT guichet.append_log(` + args + `)`); err == nil {
			t.Errorf("append_log(%s) was done", args)
		}
	}
	h.mustVerify(t)
}

// TestUnpublished: a checkpoint that could not be published is published before
// the next one, and nothing is lost.
func TestUnpublished(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 3)
	h.published.fail = errors.New("disk full")
	if _, err := h.sequencer.Step(t.Context()); err == nil {
		t.Fatal("not published, and no error")
	}
	h.letGo(t)
	h.published.fail = nil
	h.step(t)
	var stored []byte
	if err := h.admin.QueryRow(`SELECT checkpoint FROM guichet.log_state`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if last, _ := h.published.Last(); string(last) != string(stored) {
		t.Error("the stored checkpoint was not published")
	}
	h.mustVerify(t, h.published.all...)
}

// TestOlderDatabase: yesterday's database put back, or another one, is not gone on
// from.
func TestOlderDatabase(t *testing.T) {
	for name, back := range map[string]string{
		"older": `WITH s AS (SELECT size, checkpoint FROM guichet.log_checkpoint ORDER BY size LIMIT 1)
			UPDATE guichet.log_state SET size = s.size, entry = s.size, checkpoint = s.checkpoint FROM s;
			UPDATE guichet.log_tile SET hashes = substr(hashes, 1, 32 * (SELECT size FROM guichet.log_state)::integer);
			DELETE FROM guichet.trace WHERE id > (SELECT entry FROM guichet.log_state)`,
		"its tiles altered": `UPDATE guichet.log_tile SET hashes = set_byte(hashes, 3, 255 - get_byte(hashes, 3))`,
		"its head altered":  `UPDATE guichet.log_state SET size = size - 1, entry = entry - 1`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.leave(t, 3)
			h.step(t)
			h.leave(t, 3)
			h.step(t)
			h.letGo(t)
			if _, err := h.admin.Exec(back); err != nil {
				t.Fatal(err)
			}
			h.leave(t, 5)
			if _, err := h.sequencer.Step(t.Context()); err == nil {
				t.Error("it went on")
			} else if name == "older" && !errors.Is(err, sequencer.ErrRolledBack) {
				t.Error(err)
			}
			if _, err := h.verify(t, h.published.all...); err == nil {
				t.Error("the log verifies")
			}
		})
	}
}

// TestAlteredBeforeItsPlace: an entry changed before it was given its place gets
// none, and everybody hears of it.
func TestAlteredBeforeItsPlace(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 3)
	if _, err := h.admin.Exec(`UPDATE guichet.trace SET outcome = 'granted' WHERE id = (SELECT max(id) FROM guichet.trace)`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.sequencer.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "altered") {
		t.Errorf("got %v, want it to say that an entry was altered", err)
	}
	if size := h.number(t, `SELECT size FROM guichet.log_state`); size != 0 {
		t.Errorf("%d entries were given places", size)
	}
}

// TestWaitingLogRings: entries that wait for a place for a minute raise an alert.
func TestWaitingLogRings(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 1)
	if _, err := h.admin.Exec(`UPDATE guichet.trace SET at = at - interval '2 minutes'`); err != nil {
		t.Fatal(err)
	}
	if err := h.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.alert WHERE kind = 'log-behind'`); n != 1 {
		t.Errorf("%d alerts, want 1", n)
	}
}

// TestManyGapsRing: ids without an entry are counted by the time of the entry
// that comes after them (L3).
func TestManyGapsRing(t *testing.T) {
	h := newHouse(t)
	h.SetClock(t, time.Now())
	gaps := func(n int) {
		t.Helper()
		for range n {
			h.roll(t)
		}
		h.leave(t, 1)
		h.step(t)
	}
	rings := func() int64 {
		t.Helper()
		if err := h.portal.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h.number(t, `SELECT count(*) FROM guichet.alert WHERE kind = 'trace-gaps'`)
	}
	h.execAny(t, `INSERT INTO guichet.setting (name, value, at, entry) VALUES ('alert.gaps', '5', guichet.clock(), 0)`)
	h.leave(t, 1)
	gaps(3)
	h.execAny(t, `UPDATE guichet.test_clock SET at = at + interval '15 minutes'`)
	gaps(3)
	gaps(1)
	gaps(1)
	if n := rings(); n != 0 {
		t.Errorf("five in the window: %d alerts", n)
	}
	gaps(1)
	for range 2 {
		if n := rings(); n != 1 {
			t.Errorf("six in the window: %d alerts, want 1", n)
		}
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'trace-gaps' AND t.id = (SELECT entry FROM guichet.log_state)`); n != 1 {
		t.Error("the alert does not name the entry after the last gap")
	}
}

// TestUnderWriters sequences beside writers who roll back, use savepoints and hold
// their transactions open for a while: none is missed, none comes twice.
func TestUnderWriters(t *testing.T) {
	h := newHouse(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	db := h.SQL(t, "guichet_portal")
	go func() { served <- h.sequencer.Serve(ctx) }()
	const writers, each = 8, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := write(db, w*each+i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	last := h.number(t, `SELECT max(id) FROM guichet.trace`)
	deadline := time.Now().Add(20 * time.Second)
	for h.number(t, `SELECT entry FROM guichet.log_state`) < last {
		if time.Now().After(deadline) {
			t.Fatal("the sequencer does not come to the last entry")
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if report := h.mustVerify(t, h.published.all...); report.Size != h.number(t, `SELECT count(*) FROM guichet.trace WHERE id <= (SELECT entry FROM guichet.log_state)`) {
		t.Errorf("%d places for another number of entries", report.Size)
	}
	t.Logf("%d entries by %d writers under %d checkpoints", last, writers, len(h.published.all))
}

// write leaves an entry or takes it back, in one of several ways.
func write(db *sql.DB, i int) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	leave := `SELECT guichet.refuse_page($1, '{192.0.2.1}', gen_random_uuid())`
	if _, err := tx.Exec(leave, make([]byte, 32)); err != nil {
		return err
	}
	switch i % 5 {
	case 0:
		return tx.Rollback()
	case 1:
		if _, err := tx.Exec(`SAVEPOINT a`); err != nil {
			return err
		}
		if _, err := tx.Exec(leave, make([]byte, 32)); err != nil {
			return err
		}
		if _, err := tx.Exec(`ROLLBACK TO a`); err != nil {
			return err
		}
	case 2:
		if _, err := tx.Exec(`SELECT pg_sleep(0.03)`); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// TestEveryFieldIsClassed: each column of the trace has a class and a meaning.
func TestEveryFieldIsClassed(t *testing.T) {
	h := newHouse(t)
	rows, err := h.admin.Query(`SELECT attname FROM pg_attribute WHERE attrelid = 'guichet.trace'::regclass AND attnum > 0 AND NOT attisdropped`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := make(map[string]bool)
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		columns[name] = true
		if f, ok := traces.FieldOf(name); !ok || f.Meaning == "" || !slices.Contains([]traces.Class{traces.Public, traces.Personal, traces.Secret}, f.Class) {
			t.Errorf("%s is not classed", name)
		}
	}
	for _, f := range traces.Fields {
		if !columns[f.Name] {
			t.Errorf("%s is classed, and is no column", f.Name)
		}
	}
}

// TestOfficerReadsTracesOnly: no other role reads the log, and the officer's
// nothing else (HE8.c, TR3.d).
func TestOfficerReadsTracesOnly(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 2)
	h.step(t)
	operator := h.Open(t, "guichet_console")
	as := storetest.Request()
	if err := operator.OpenOperator(t.Context(), as, "root", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.OpenLog(t.Context(), as); err == nil {
		t.Error("the console opens the log")
	}
	// An officer's session is none of the console's, nor the other way round.
	db := h.SQL(t, "guichet_console")
	for _, query := range []string{`SELECT guichet.ask_range($1, '{::1}', $2, 0, 1)`, `SELECT guichet.purge_traces($1, '{::1}', $2, 0)`} {
		if _, err := db.Exec(query, h.as.Token, uuid.New()); err == nil {
			t.Errorf("the console may %s", query)
		}
	}
	if _, err := h.officer.ListSettings(t.Context()); err != nil {
		t.Error(err)
	}
	if err := h.officer.ChangeSetting(t.Context(), h.as, "session.idle", "20 minutes"); err == nil {
		t.Error("the officer chooses how long sessions last")
	}
	if err := h.officer.ChangeSetting(t.Context(), h.as, "trace.keep.security", "200 days"); err != nil {
		t.Error(err)
	}
	if err := h.officer.ChangeSetting(t.Context(), h.as, "trace.keep.record", "30 days"); err == nil {
		t.Error("traces may be kept for less than the least")
	}
	if err := operator.ChangeSetting(t.Context(), as, "trace.keep.security", "300 days"); err == nil {
		t.Error("an administrator chooses how long traces are kept")
	}
}

func (h *house) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	result, err := h.admin.Exec(query, args...)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	if n, _ := result.RowsAffected(); n == 0 {
		t.Fatalf("%s: nothing was changed", query)
	}
}
