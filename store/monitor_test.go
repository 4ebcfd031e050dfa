package store_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/store"
	"guichet/store/pgtest"
	"guichet/store/storetest"

	"github.com/lib/pq"
)

// ask calls ask_report as somebody with the portal's password would.
func (x *target) ask(t testing.TB, db interface {
	QueryRow(string, ...any) *sql.Row
}, report string) int64 {
	t.Helper()
	var entry int64
	if err := db.QueryRow(`SELECT guichet.ask_report($1, '192.0.2.1', gen_random_uuid(), $2)`, x.token.Token, report).Scan(&entry); err != nil {
		t.Fatal("ask:", err)
	}
	return entry
}

// receive returns how many rows an entry hands over, and the SQLSTATE where
// it failed. It flushes first, as an attacker would.
func (x *target) receive(t testing.TB, db *sql.DB, entry int64) (rows int, code string) {
	t.Helper()
	for range 20 {
		if _, err := db.Exec(`SELECT guichet.flush()`); err != nil {
			t.Fatal("flush:", err)
		}
		err := db.QueryRow(`SELECT count(*) FROM guichet.receive($1, $2)`, x.token.Token, entry).Scan(&rows)
		if code = sqlState(err); code != "GU002" {
			return rows, code
		}
	}
	t.Fatal("never durable")
	return 0, ""
}

func sqlState(err error) string {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return string(e.Code)
	}
	return ""
}

// outcome returns what an entry says.
func (x *target) outcome(t testing.TB, entry int64) (outcome, reason string) {
	t.Helper()
	if err := x.Superuser(t).QueryRow(`SELECT outcome, reason FROM guichet.trace WHERE id = $1`, entry).Scan(&outcome, &reason); err != nil {
		t.Fatal(err)
	}
	return outcome, reason
}

func (x *target) revoke(t testing.TB) {
	t.Helper()
	if _, err := x.Superuser(t).Exec(`INSERT INTO guichet.grant_end (grant_id, at, reason) SELECT id, clock_timestamp(), 'test' FROM guichet.grants WHERE patient = $1`, x.patient.String()); err != nil {
		t.Fatal(err)
	}
}

// TestWindow moves the database's clock: an entry serves for five seconds, and
// not before it was made (W1).
func TestWindow(t *testing.T) {
	x := newTarget(t)
	db := x.SQL(t, "guichet_portal")
	now := time.Now().Add(time.Second) // after the sessions were opened
	x.SetClock(t, now)
	entry := x.ask(t, db, x.own.String())
	for _, c := range []struct {
		name string
		at   time.Duration
		want int
	}{
		{"at once", 0, 8}, {"within the window", 4999 * time.Millisecond, 8}, {"at its end", 5 * time.Second, 0},
		{"days later", 72 * time.Hour, 0}, {"before it was made", -time.Second, 0},
	} {
		x.SetClock(t, now.Add(c.at))
		if got, _ := x.receive(t, db, entry); got != c.want {
			t.Errorf("%s: got %d rows, want %d", c.name, got, c.want)
		}
	}
}

// TestOpenTransactionFreezesNothing asks in a transaction that was begun
// before the grant ended, and before the session did (W2, W4).
func TestOpenTransactionFreezesNothing(t *testing.T) {
	x := newTarget(t)
	db := x.SQL(t, "guichet_portal")
	before := x.ask(t, db, x.own.String())
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`DECLARE waiting CURSOR FOR SELECT count(*) FROM guichet.receive($1, $2)`, x.token.Token, before); err != nil {
		t.Fatal(err)
	}
	x.revoke(t)
	var rows int
	if err := tx.QueryRow(`FETCH waiting`).Scan(&rows); err == nil && rows != 0 {
		t.Errorf("cursor opened before the revocation: got %d rows", rows)
	}
	if _, err := tx.Exec(`ROLLBACK; BEGIN; SELECT 1`); err != nil {
		t.Fatal(err)
	}
	entry := x.ask(t, tx, x.own.String())
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if outcome, reason := x.outcome(t, entry); outcome != "refused" || reason != "no-grant" {
		t.Errorf("got %s (%s), want refused", outcome, reason)
	}
}

// TestRevocationBetweenAskAndReceive: receive decides once more (W5).
func TestRevocationBetweenAskAndReceive(t *testing.T) {
	t.Run("grant", func(t *testing.T) {
		x := newTarget(t)
		db := x.SQL(t, "guichet_portal")
		entry := x.ask(t, db, x.own.String())
		if rows, _ := x.receive(t, db, entry); rows == 0 {
			t.Fatal("nothing before the revocation")
		}
		x.revoke(t)
		if rows, _ := x.receive(t, db, entry); rows != 0 {
			t.Errorf("got %d rows after the revocation", rows)
		}
	})
	t.Run("session", func(t *testing.T) {
		x := newTarget(t)
		db := x.SQL(t, "guichet_portal")
		entry := x.ask(t, db, x.own.String())
		if err := x.portal.EndSession(t.Context(), x.token, "logout"); err != nil {
			t.Fatal(err)
		}
		if rows, code := x.receive(t, db, entry); rows != 0 || code != "GU001" {
			t.Errorf("got %d rows, %s", rows, code)
		}
	})
}

// TestSessionLimits: idle and absolute limits by the database's clock, each
// with its tombstone (DT9, AA13.a).
func TestSessionLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		at   time.Duration
		want string
	}{
		{"idle", 15 * time.Minute, "idle"},
		{"expired", 8 * time.Hour, "expired"},
		{"alive", 14*time.Minute + 59*time.Second, ""},
		{"clock gone back", -time.Hour, "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTarget(t)
			now := time.Now()
			x.SetClock(t, now)
			token := x.signIn(t, camille, "sub-camille")
			x.SetClock(t, now.Add(c.at))
			s, err := x.portal.LoadSession(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if string(s.Ended) != c.want {
				t.Errorf("got %q, want %q", s.Ended, c.want)
			}
			var ends int
			if err := x.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace WHERE type = 'session.end'`).Scan(&ends); err != nil {
				t.Fatal(err)
			}
			if want := min(len(c.want), 1); ends != want {
				t.Errorf("got %d entries of its end, want %d", ends, want)
			}
		})
	}
}

// TestOlderSignatureIsDropped: a function of another signature does not
// survive a migration (B4).
func TestOlderSignatureIsDropped(t *testing.T) {
	d := storetest.New(t)
	admin := d.Superuser(t)
	if _, err := admin.Exec(`CREATE FUNCTION guichet.ask_report(token bytea) RETURNS SETOF guichet.report LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM guichet.report';
		ALTER FUNCTION guichet.ask_report(bytea) OWNER TO guichet_monitor; GRANT EXECUTE ON FUNCTION guichet.ask_report(bytea) TO guichet_portal`); err != nil {
		t.Fatal(err)
	}
	portal := d.Open(t, "guichet_portal")
	if err := portal.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "ask_report(bytea)") {
		t.Errorf("check: got %v, want the foreign function named", err)
	}
	if err := store.Migrate(t.Context(), d.URL("guichet_owner"), ""); err != nil {
		t.Fatal(err)
	}
	if err := portal.Check(t.Context()); err != nil {
		t.Errorf("after the migration: %v", err)
	}
}

// crashes is how often TestCrashKeepsEntry crashes the server.
const crashes = 4

// TestCrashKeepsEntry: what was handed over has its entry after a crash, also
// where the entry was committed asynchronously behind ask's back (B1).
func TestCrashKeepsEntry(t *testing.T) {
	ctx := t.Context()
	cluster, err := pgtest.Start(ctx, pgtest.Options{Settings: map[string]string{"wal_writer_delay": "10s"}}) // nobody flushes by chance
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Stop()
	passwords := map[string]string{"guichet_portal": "p", "guichet_intake": "p"}
	if err := store.Prepare(ctx, cluster.URL("postgres", "postgres"), "guichet", passwords); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(ctx, cluster.URL("guichet_owner", "guichet"), ""); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := envelope.Init(filepath.Join(dir, "master"), filepath.Join(dir, "ring")); err != nil {
		t.Fatal(err)
	}
	keys, err := envelope.OpenFiles(filepath.Join(dir, "master"), filepath.Join(dir, "ring"))
	if err != nil {
		t.Fatal(err)
	}
	honoured := 0
	for i := range crashes {
		handed, entry := crashOnce(t, cluster, keys, i)
		if err := cluster.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		if !handed {
			continue
		}
		honoured++
		admin := openAs(t, cluster.URL("postgres", "guichet"))
		var there bool
		if err := admin.QueryRow(`SELECT EXISTS (SELECT FROM guichet.trace WHERE id = $1 AND type = 'report.read')`, entry).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if !there {
			t.Errorf("crash %d: rows were handed over, and their entry is gone", i)
		}
	}
	t.Logf("%d crashes; rows were handed over before %d of them", crashes, honoured)
}

func crashOnce(t *testing.T, cluster *pgtest.Cluster, keys *envelope.Keyring, i int) (handed bool, entry int64) {
	open := func(role string) *store.Store {
		s, err := store.Open(t.Context(), store.Options{URL: cluster.URL(role, "guichet"), Password: "p", Keys: keys, Connections: 2})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w := &world{intake: open("guichet_intake"), portal: open("guichet_portal"), feed: storetest.Request()}
	if err := w.intake.OpenFeed(t.Context(), w.feed, "AB:CD", "Laboratoire", limits); err != nil {
		t.Fatal(err)
	}
	name := "C" + string(rune('A'+i))
	own := w.deposit(t, bloodCount(camille, "100", name, name, "11.20", time.Now()))
	token := w.signIn(t, camille, "sub-camille")
	if err := w.intake.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.portal.Close(); err != nil {
		t.Fatal(err)
	}

	db := openAs(t, cluster.URL("guichet_portal", "guichet")+"&password=p")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) {
		if _, err := conn.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(query, err)
		}
	}
	exec(`BEGIN`)
	if err := conn.QueryRowContext(t.Context(), `SELECT guichet.ask_report($1, '192.0.2.1', gen_random_uuid(), $2)`, token.Token, own.Report.String()).Scan(&entry); err != nil {
		t.Fatal(err)
	}
	exec(`SET LOCAL synchronous_commit = off`) // read at COMMIT; ask looked earlier
	exec(`COMMIT`)
	if i%2 == 1 { // flushed by the attacker: then it is durable, and may be honoured
		exec(`SELECT guichet.flush()`)
	}
	var rows int
	err = conn.QueryRowContext(t.Context(), `SELECT count(*) FROM guichet.receive($1, $2)`, token.Token, entry).Scan(&rows)
	if err != nil && sqlState(err) != "GU002" {
		t.Fatal(err)
	}
	if err := syscall.Kill(cluster.PID(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatal(err)
	}
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close() // the server is gone
	return rows > 0, entry
}

func openAs(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url+"&sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
