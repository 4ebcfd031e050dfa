package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"guichet/store"
	"guichet/store/storetest"

	"github.com/lib/pq"
)

func sqlState(err error) string {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return string(e.Code)
	}
	return ""
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
			s, err := x.portal.LoadSession(t.Context(), token, true)
			if err != nil {
				t.Fatal(err)
			}
			if string(s.Ended) != c.want {
				t.Errorf("got %q, want %q", s.Ended, c.want)
			}
			var ends int
			if err := x.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace WHERE type = 'session.end' AND session = (SELECT s.id FROM guichet.session s WHERE s.token = sha256($1))`, token.Token).Scan(&ends); err != nil {
				t.Fatal(err)
			}
			if want := min(len(c.want), 1); ends != want {
				t.Errorf("got %d entries of its end, want %d", ends, want)
			}
		})
	}
}

// TestForeignSignatureIsNamed: a function of another signature keeps the
// server from starting, and does not survive a migration (B4).
func TestForeignSignatureIsNamed(t *testing.T) {
	x := newTarget(t)
	x.addEarlierSignature(t)
	if err := x.portal.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "ask_report(bytea)") {
		t.Errorf("check: got %v, want the foreign function named", err)
	}
	if err := store.Migrate(t.Context(), x.URL("guichet_owner"), ""); err != nil {
		t.Fatal(err)
	}
	if err := x.portal.Check(t.Context()); err != nil {
		t.Errorf("after the migration: %v", err)
	}
}

// crashes is how often TestCrashKeepsEntry crashes the server.
const crashes = 4

// TestCrashKeepsEntry: what was handed over has its entry after a crash, also
// where the entry was committed asynchronously behind ask's back (B1).
func TestCrashKeepsEntry(t *testing.T) {
	x := newTargetIn(t, storetest.NewCluster(t, map[string]string{"wal_writer_delay": "10s"})) // nobody flushes by chance
	honoured := 0
	for i := range crashes {
		handed, entry := x.crashOnce(t, i%2 == 1)
		if err := x.Cluster.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !handed {
			continue
		}
		honoured++
		var there bool
		if err := x.Superuser(t).QueryRow(`SELECT EXISTS (SELECT FROM guichet.trace WHERE id = $1 AND type = 'report.read')`, entry).Scan(&there); err != nil {
			t.Fatal(err)
		}
		if !there {
			t.Errorf("crash %d: rows were handed over, and their entry is gone", i)
		}
	}
	if want := crashes / 2; honoured != want {
		t.Errorf("rows were handed over before %d of %d crashes, want %d", honoured, crashes, want)
	}
}

// crashOnce asks, commits asynchronously, tries to receive, and kills every
// process of the server. An attacker who flushes first makes the entry durable.
func (x *target) crashOnce(t *testing.T, flush bool) (handed bool, entry int64) {
	t.Helper()
	conn, err := x.SQL(t, "guichet_portal").Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), query); err != nil {
			t.Fatal(query, err)
		}
	}
	exec(`BEGIN`)
	if err := conn.QueryRowContext(t.Context(), `SELECT guichet.ask_report($1, '{192.0.2.1}', gen_random_uuid(), $2)`, x.token.Token, x.own.String()).Scan(&entry); err != nil {
		t.Fatal(err)
	}
	exec(`SET LOCAL synchronous_commit = off`) // read at COMMIT; ask looked earlier
	exec(`COMMIT`)
	var rows int
	receive := func() error {
		return conn.QueryRowContext(t.Context(), `SELECT count(*) FROM guichet.receive($1, $2)`, x.token.Token, entry).Scan(&rows)
	}
	err = receive()
	// Reading after a crash writes a little itself, which is to be flushed too.
	for flush && sqlState(err) == "GU002" {
		exec(`SELECT guichet.flush()`)
		err = receive()
	}
	if err != nil && sqlState(err) != "GU002" {
		t.Fatal(err)
	}
	if err := x.Cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close() // the server is gone
	return rows > 0, entry
}
