package store_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"sync"
	"testing"

	"guichet/fault"
	"guichet/store"
	"guichet/store/storetest"
)

// TestPoolsShareWhatTheServerGives: where several processes want more
// connections than there are, their calls wait instead of failing, and take what
// is free again later.
func TestPoolsShareWhatTheServerGives(t *testing.T) {
	const most, given, calls = 8, 5, 60
	d := storetest.New(t)
	limit := func(n int) {
		admin := d.Superuser(t)
		if _, err := admin.ExecContext(t.Context(), fmt.Sprintf("ALTER DATABASE %s CONNECTION LIMIT %d", d.Name, n)); err != nil {
			t.Fatal(err)
		}
		_ = admin.Close()
	}
	pools, grows := make([]*sql.DB, 2), make([]func(), 2)
	for i := range pools {
		pools[i], grows[i] = newPool(t, d, most)
		if err := pools[i].PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	work := func(db *sql.DB) {
		var all sync.WaitGroup
		for range calls {
			all.Go(func() {
				if _, err := db.ExecContext(t.Context(), "SELECT pg_sleep(0.005)"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	limit(given)
	var all sync.WaitGroup
	for _, db := range pools {
		all.Go(func() { work(db) })
	}
	all.Wait()
	if open := pools[0].Stats().OpenConnections + pools[1].Stats().OpenConnections; open > given {
		t.Errorf("%d connections are open, of %d", open, given)
	}
	limit(-1)
	for _, grow := range grows {
		grow()
	}
	work(pools[0])
	if open := pools[0].Stats().OpenConnections; open != most {
		t.Errorf("with enough for all %d connections are open, want %d", open, most)
	}
}

// TestNoConnectionAtAll is told, and not waited for.
func TestNoConnectionAtAll(t *testing.T) {
	d := storetest.New(t)
	if _, err := d.Superuser(t).ExecContext(t.Context(), "ALTER DATABASE "+d.Name+" CONNECTION LIMIT 0"); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Options{URL: d.URL("guichet_portal"), Password: d.Password("guichet_portal")})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}

func newPool(t *testing.T, d *storetest.Database, most int) (*sql.DB, func()) {
	t.Helper()
	u, err := url.Parse(d.URL("guichet_portal"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("guichet_portal", d.Password("guichet_portal"))
	q := u.Query()
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	db, grow, err := store.NewPool(u.String(), most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, grow
}
