package portal

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"guichet/auth"
	"guichet/store"
)

// meter passes PostgreSQL connections on and counts how often a client spoke
// after its server had: each is a wait for the network.
type meter struct {
	mu    sync.Mutex
	trips int
}

func (m *meter) listen(t *testing.T, folder, target string) {
	t.Helper()
	listener, err := net.Listen("unix", filepath.Join(folder, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", target)
			if err != nil {
				_ = client.Close()
				return
			}
			m.pass(client, server)
		}
	}()
}

func (m *meter) pass(client, server net.Conn) {
	var mu sync.Mutex
	serverSpoke := true
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, tap{server, func() { mu.Lock(); serverSpoke = true; mu.Unlock() }})
	}()
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, tap{client, func() {
			mu.Lock()
			defer mu.Unlock()
			if serverSpoke {
				m.mu.Lock()
				m.trips++
				m.mu.Unlock()
			}
			serverSpoke = false
		}})
	}()
}

func (m *meter) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trips
}

// tap tells of each read that brought something.
type tap struct {
	io.Reader
	heard func()
}

func (t tap) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if n > 0 {
		t.heard()
	}
	return n, err
}

// TestRoundTrips: session, ask and receive are three waits for the database;
// two once the session is known to the process (architecture, section 5).
func TestRoundTrips(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	path := "/reports/" + s.deposit(t, s.me(), "1", "11.2").String()
	m, metered := s.metered(t)
	s.serve(t, metered)
	b := s.browser(t)
	b.signIn()
	b.get(path) // prepares its statements

	trips := func(b *browser) int {
		before := m.count()
		if got := b.get(path); got.status != http.StatusOK {
			t.Fatalf("got %d", got.status)
		}
		return m.count() - before
	}
	if known := trips(b); known != 2 {
		t.Errorf("session known: got %d round trips, want 2", known)
	}
	s.serve(t, metered) // a process that does not know the session yet
	other := s.browser(t)
	other.client.Jar = b.client.Jar
	if fresh := trips(other); fresh != 3 {
		t.Errorf("session not known: got %d round trips, want 3", fresh)
	}
}

// metered opens a store whose one connection is counted.
func (s *site) metered(t *testing.T) (*meter, *store.Store) {
	t.Helper()
	address, err := url.Parse(s.URL("guichet_portal"))
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	m, folder := &meter{}, t.TempDir()
	m.listen(t, folder, filepath.Join(query.Get("host"), ".s.PGSQL."+query.Get("port")))
	query.Set("host", folder)
	query.Set("port", "5432")
	address.RawQuery = query.Encode()
	db, err := store.Open(t.Context(), store.Options{URL: address.String(), Password: s.Password("guichet_portal"), Connections: 1, Keys: s.Keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return m, db
}
