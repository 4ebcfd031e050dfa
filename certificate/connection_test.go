package certificate

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"guichet/configs"
)

// TestAFileThatChangesIsReadAgain, and one that became garbage leaves the old
// list in use.
func TestAFileThatChangesIsReadAgain(t *testing.T) {
	authority := newCA(t, "authority", nil)
	shown := authority.issue()
	settings := withLists(t, authority.list(nil))
	path := settings.CRLFiles[0]
	b := newBench(t, settings)
	expect := func(when string, want Cause) {
		t.Helper()
		if got := b.meet(t, shown, authority.pool(), true); got != want {
			t.Errorf("%s: refused as %q, want %q", when, got, want)
		}
	}
	expect("at first", "")
	file(t, path, authority.list(nil, shown.Leaf)) // in DER this time
	expect("once revoked", Revoked)
	file(t, path, []byte("garbage"))
	expect("garbage in its place", Revoked)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("nothing in its place", Revoked)
	file(t, path, inPEM("X509 CRL", newCA(t, "other", nil).list(nil), authority.list(nil)))
	expect("lifted, in a file of two lists", "")

	for _, content := range []string{"", "garbage", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"} {
		file(t, path, []byte(content))
		if _, err := NewChecker("feeds", settings, b.options()); err == nil {
			t.Errorf("the start goes on with %q", content)
		}
	}
}

// TestACertificateThatRanOutSinceItWasShown is found at the next look.
func TestACertificateThatRanOutSinceItWasShown(t *testing.T) {
	authority := newCA(t, "authority", nil)
	b := newBench(t, withLists(t, authority.list(between(-time.Hour, 700*day))))
	state := connection(t, authority, authority.issue().Leaf)
	if err := b.Verify(state); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(601 * day)
	if err := b.Verify(state); causeOf(t, err) != OutOfDate {
		t.Errorf("got %v", err)
	}
}

// TestResumedConnectionsAreChecked: TLS does not verify their chain again.
func TestResumedConnectionsAreChecked(t *testing.T) {
	authority := newCA(t, "authority", nil)
	shown := authority.issue()
	settings := withLists(t, authority.list(nil))
	b := newBench(t, settings)
	var resumed atomic.Int32
	config := b.Wrap(&tls.Config{RootCAs: authority.pool(), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(8),
		VerifyConnection: func(state tls.ConnectionState) error {
			if state.DidResume {
				resumed.Add(1)
			}
			return nil
		}})
	server := &tls.Config{Certificates: []tls.Certificate{shown}}
	for range 2 {
		if _, err := handshake(t, server, config); err != nil {
			t.Fatal(err)
		}
	}
	if resumed.Load() != 1 {
		t.Fatalf("%d connections were resumed", resumed.Load())
	}
	file(t, settings.CRLFiles[0], authority.list(nil, shown.Leaf))
	if _, err := handshake(t, server, config); causeOf(t, err) != Revoked || resumed.Load() != 2 {
		t.Errorf("revoked, then resumed: %v, %d resumed", err, resumed.Load())
	}
}

// TestAnOpenConnectionEndsWithItsCertificate, in both versions of HTTP.
func TestAnOpenConnectionEndsWithItsCertificate(t *testing.T) {
	for _, version := range []string{"http/1.1", "h2"} {
		t.Run(version, func(t *testing.T) {
			authority := newCA(t, "authority", nil)
			shown := authority.issue()
			settings := withLists(t, authority.list(nil))
			b := newBench(t, settings)
			server := httptest.NewUnstartedServer(b.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) })))
			server.TLS = b.Wrap(&tls.Config{Certificates: []tls.Certificate{authority.issue()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.pool(), NextProtos: []string{version}})
			server.EnableHTTP2 = version == "h2"
			server.StartTLS()
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: version == "h2", TLSClientConfig: &tls.Config{RootCAs: authority.pool(), ServerName: "localhost", Certificates: []tls.Certificate{shown}}}}
			get := func() (int, string, bool) {
				t.Helper()
				response, err := client.Get(server.URL)
				if err != nil {
					return 0, "", true
				}
				defer response.Body.Close()
				text, err := io.ReadAll(response.Body)
				if err != nil {
					t.Fatal(err)
				}
				return response.StatusCode, string(text), response.Close
			}
			_, first, _ := get()
			file(t, settings.CRLFiles[0], authority.list(nil, shown.Leaf))
			if status, second, _ := get(); status != http.StatusOK || second != first {
				t.Errorf("at once: %d %q, want the connection of before", status, second)
			}
			b.clock.advance(recheck + time.Second)
			if status, text, closed := get(); status != http.StatusServiceUnavailable || version == "http/1.1" && !closed {
				t.Errorf("a minute later: %d %q, closed %v", status, text, closed)
			}
			if status, text, _ := get(); status != 0 {
				t.Errorf("on a new connection: %d %q", status, text)
			}
		})
	}
	plain := httptest.NewRecorder()
	newBench(t, configs.Revocation{}).Guard(http.NotFoundHandler()).ServeHTTP(plain, httptest.NewRequest(http.MethodGet, "/", nil))
	if plain.Code != http.StatusServiceUnavailable {
		t.Errorf("without TLS: %d", plain.Code)
	}
}

// TestABusyServerIsCheckedEachMinute: a connection that is never idle would
// otherwise outlive its certificate.
func TestABusyServerIsCheckedEachMinute(t *testing.T) {
	authority := newCA(t, "authority", nil)
	shown := authority.issue()
	settings := withLists(t, authority.list(nil))
	b := newBench(t, settings)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{shown}}
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: b.Transport(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.pool(), ServerName: "localhost"}})}
	get := func() (string, error) {
		response, err := client.Get(server.URL)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	}
	first, err := get()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := get(); err != nil || second != first {
		t.Errorf("at once: %q, %v, want the connection of before", second, err)
	}
	b.clock.advance(recheck)
	third, err := get()
	if err != nil || third == first {
		t.Errorf("a minute later: %q, %v, want a new connection", third, err)
	}
	file(t, settings.CRLFiles[0], authority.list(nil, shown.Leaf))
	b.clock.advance(recheck)
	if _, err := get(); causeOf(t, err) != Revoked {
		t.Errorf("revoked, a minute later: %v", err)
	}
	client.CloseIdleConnections()
}
