package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/traces"
	"guichet/traces/stamp/stamptest"

	"golang.org/x/mod/sumdb/note"
)

// TestTracesLeave: a process that sequences sends entries and checkpoints to whom
// the configuration names, and has them stamped; figures show how far each is.
func TestTracesLeave(t *testing.T) {
	e := newEstate(t, "")
	for _, name := range []string{"siem", "traces"} {
		e.authority.Issue(t, name)
	}
	here, err := tls.LoadX509KeyPair(e.authority.Path("localhost.pem"), e.authority.Path("localhost.key"))
	if err != nil {
		t.Fatal(err)
	}
	lines, posted := make(chan string, 1), make(chan string, 100)
	siem := listenOnce(t, &tls.Config{Certificates: []tls.Certificate{here}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: e.authority.Pool(), MinVersion: tls.VersionTLS12}, lines)
	secure := func(h http.Handler) string {
		s := httptest.NewUnstartedServer(h)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{here}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	}
	office := stamptest.New(t)
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private, public, err := note.GenerateKey(rand.Reader, "portail.example/traces")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	checkpoints := t.TempDir()
	witness := secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posted <- r.Header.Get("Authorization") + "\n" + string(body)
	}))
	stamped := make(chan struct{}, 100)
	stamps := secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		office.ServeHTTP(w, r)
		stamped <- struct{}{}
	}))
	config, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	tlsFiles := fmt.Sprintf("ca = %q\ncertificate = %q\nkey = %q\nserver_name = \"localhost\"\n", e.authority.Path("ca.pem"), e.authority.Path("traces.pem"), e.authority.Path("traces.key"))
	e.config = write("guichet.toml", string(config)+fmt.Sprintf(`
[revocation.receivers]
crl_files = [%q]
[database.sequencer]
url = %q
password_file = %q
[traces]
public_key_file = %q
signing_key_file = %q
checkpoints = %q
[traces.timestamp]
url = %q
ca = %q
authorities = %q
[[traces.streams]]
name = "siem"
format = "cef"
address = %q
%s
[[traces.streams]]
name = "witness"
format = "checkpoint"
url = %q
token_file = %q
%s
`, e.authority.Path("ca.crl"), e.database.URL("guichet_sequencer"), write("password", e.database.Password("guichet_sequencer")), write("public", public), write("private", private), checkpoints,
		stamps, e.authority.Path("ca.pem"), office.Root(), siem, tlsFiles, witness, write("token", "sesame"), tlsFiles))

	ctx, stop := context.WithCancel(context.Background())
	done := make(chan string, 1)
	go func() {
		_, _, errOut := guichet(ctx, "serve", "--config", e.config, "--only", "sequencer", "--only", "ops")
		done <- errOut
	}()
	ended := false
	t.Cleanup(func() {
		if stop(); !ended {
			<-done
		}
	})
	wait := func(what string, c chan string) string {
		t.Helper()
		select {
		case got := <-c:
			return got
		case errOut := <-done:
			ended = true
			t.Fatalf("%s: it ended by itself: %s", what, errOut)
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing came", what)
		}
		return ""
	}
	if got := wait("entries", lines); !strings.Contains(got, "|service.start|") || !strings.Contains(got, "CEF:0|Guichet|") {
		t.Errorf("the SIEM got %q", got)
	}
	token, checkpoint, _ := strings.Cut(wait("checkpoints", posted), "\n")
	if _, err := traces.OpenCheckpoint([]byte(checkpoint), verifier); err != nil || token != "Bearer sesame" {
		t.Errorf("posted %q with %q: %v", checkpoint, token, err)
	}
	select {
	case <-stamped:
	case <-time.After(time.Minute):
		t.Fatal("nobody asked for a time stamp")
	}
	// Both receivers say so by figures, and then the stamp lies in the folder.
	figures := e.figures(t)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && strings.Contains(figures, `{receiver="timestamp"} 0`); {
		figures = e.figures(t)
	}
	for _, want := range []string{`guichet_trace_stream_behind_entries{stream="siem"}`, `guichet_checkpoint_taken_timestamp_seconds{receiver="witness"}`, `guichet_checkpoint_taken_timestamp_seconds{receiver="timestamp"}`} {
		if !strings.Contains(figures, want) {
			t.Errorf("no figure %s", want)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(checkpoints, "*.tsr")); len(files) != 1 {
		t.Errorf("%d time stamps lie in the folder, want 1", len(files))
	}
}

// listenOnce returns the address of a receiver of syslog that hands over what the
// first connection brought.
func listenOnce(t *testing.T, config *tls.Config, got chan<- string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			conn := tls.Server(raw, config)
			text, err := io.ReadAll(conn)
			_ = conn.Close()
			if err == nil && len(text) > 0 {
				select {
				case got <- string(text):
				default:
				}
			}
		}
	}()
	return listener.Addr().String()
}

func (e *estate) figures(t *testing.T) string {
	t.Helper()
	response, err := http.Get("http://" + e.address["ops"] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
