// Package storetest gives each test a database of its own: a copy of a
// template that was prepared and migrated once for the test binary.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/store"
	"guichet/store/pgtest"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

const template = "guichet_template"

// password is every test role's; the clusters live in private folders, for as
// long as the tests run.
const password = "only-for-tests"

var (
	shared   *pgtest.Cluster   // set by Main before any test, and not after
	keys     *envelope.Keyring // the same
	sequence atomic.Int64
)

// Main runs the tests of a package with a cluster and a template:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
func Main(m interface{ Run() int }) int {
	return pgtest.Run(prepared{m}, func(c *pgtest.Cluster) { shared = c })
}

type prepared struct{ m interface{ Run() int } }

func (p prepared) Run() int {
	if err := makeTemplate(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "make template database:", err)
		return 1
	}
	return p.m.Run()
}

func makeTemplate(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "guichet-keys-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	master, ring := filepath.Join(dir, "master.json"), filepath.Join(dir, "keyring.json")
	if err := envelope.Init(master, ring); err != nil {
		return err
	}
	if keys, err = envelope.OpenFiles(master, ring); err != nil {
		return err
	}
	return makeDatabase(ctx, shared, template)
}

func makeDatabase(ctx context.Context, c *pgtest.Cluster, name string) error {
	passwords := make(map[string]string)
	for _, role := range store.Roles {
		passwords[role] = password
	}
	if err := store.Prepare(ctx, c.URL("postgres", "postgres"), name, passwords); err != nil {
		return err
	}
	return store.Migrate(ctx, c.URL("guichet_owner", name), "")
}

// Database is one test's own.
type Database struct {
	Name    string
	Cluster *pgtest.Cluster
	Keys    *envelope.Keyring
}

// New copies the template, and drops the copy at the end of the test.
func New(t testing.TB) *Database {
	t.Helper()
	d := &Database{Name: fmt.Sprintf("guichet_%d", sequence.Add(1)), Cluster: shared, Keys: keys}
	admin := open(t, shared.URL("postgres", "postgres"))
	mustExec(t, admin, "CREATE DATABASE "+pq.QuoteIdentifier(d.Name)+" TEMPLATE "+template)
	t.Cleanup(func() {
		mustExec(t, admin, "DROP DATABASE "+pq.QuoteIdentifier(d.Name)+" WITH (FORCE)")
		_ = admin.Close()
	})
	if err := store.GrantAccess(t.Context(), shared.URL("postgres", "postgres"), d.Name); err != nil {
		t.Fatal("grant access:", err)
	}
	return d
}

// NewCluster makes a database in a cluster of its own, which the test may
// crash, with settings of postgresql.conf.
func NewCluster(t testing.TB, settings map[string]string) *Database {
	t.Helper()
	c, err := pgtest.Start(t.Context(), pgtest.Options{Settings: settings})
	if err != nil {
		t.Fatal("start cluster:", err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error("stop cluster:", err)
		}
	})
	d := &Database{Name: "guichet", Cluster: c, Keys: keys}
	if err := makeDatabase(t.Context(), c, d.Name); err != nil {
		t.Fatal("make database:", err)
	}
	return d
}

// URL reaches the database as a role, as store.Options wants it.
func (d *Database) URL(role string) string { return d.Cluster.URL(role, d.Name) }

// Password is the role's.
func (d *Database) Password(string) string { return password }

// Open returns a store for a role.
func (d *Database) Open(t testing.TB, role string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: d.URL(role), Password: password, Connections: 8, Keys: d.Keys})
	if err != nil {
		t.Fatal("open store:", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// SQL returns a plain connection pool as a role, with the driver's defaults:
// what somebody with psql and the password would have.
func (d *Database) SQL(t testing.TB, role string) *sql.DB {
	t.Helper()
	db := open(t, withPassword(d.URL(role), role))
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Superuser returns a connection pool as PostgreSQL's superuser.
func (d *Database) Superuser(t testing.TB) *sql.DB {
	t.Helper()
	db := open(t, d.URL("postgres"))
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Request returns a request with a new random token.
func Request() store.Request {
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	return store.Request{Token: token, Address: netip.MustParseAddr("192.0.2.7"), ID: uuid.New()}
}

func withPassword(url, role string) string {
	if role == "postgres" || role == "guichet_owner" {
		return url // by peer
	}
	return url + "&password=" + password
}

func open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url+"&sslmode=disable")
	if err != nil {
		t.Fatal("open database:", err)
	}
	return db
}

func mustExec(t testing.TB, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.Exec(query); err != nil {
		t.Error(err)
	}
}

// SetClock stops the database's clock at a time, which SetClock may move.
func (d *Database) SetClock(t testing.TB, at time.Time) {
	t.Helper()
	admin := d.Superuser(t)
	mustExec(t, admin, `CREATE TABLE IF NOT EXISTS guichet.test_clock (at timestamptz NOT NULL);
		GRANT SELECT ON guichet.test_clock TO PUBLIC;
		CREATE OR REPLACE FUNCTION guichet.clock() RETURNS timestamptz LANGUAGE sql AS 'SELECT at FROM guichet.test_clock';
		GRANT EXECUTE ON FUNCTION guichet.clock() TO guichet_monitor;
		TRUNCATE guichet.test_clock;
		INSERT INTO guichet.test_clock VALUES ('`+at.UTC().Format(time.RFC3339Nano)+`')`)
}
