package fhir

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// dial opens a connection under a certificate, to speak HTTP/1.1 on it by
// hand.
func (s *service) dial(t *testing.T) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", s.server.Listener.Addr().String(), &tls.Config{RootCAs: s.authority.Pool(), ServerName: "localhost", Certificates: []tls.Certificate{s.authority.Issue(t, "labo")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const head = "POST /fhir HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"

// TestBodyCutShortIsNotConfirmed: what did not arrive whole is never answered
// as if it were stored.
func TestBodyCutShortIsNotConfirmed(t *testing.T) {
	s := newService(t)
	s.handler.options.Grace = 200 * time.Millisecond
	body := transaction(patient, observed("o", "1"))
	for _, x := range []struct {
		name, request string
		half          bool // closed by the sender
		status        int
		reason        string
	}{
		{"truncated", head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body)+1, body), true, 400, "incomplete"},
		{"a chunk that is none", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body, false, 400, "incomplete"},
		{"chunks without an end", head + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(body), body), true, 400, "incomplete"},
		{"too slow", head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body)+1, body), false, 408, "timeout"},
	} {
		c := s.dial(t)
		if _, err := io.WriteString(c, x.request); err != nil {
			t.Fatal(err)
		}
		if x.half {
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		said, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != x.status || !response.Close || !strings.Contains(string(said), `"`+x.reason+`"`) {
			t.Errorf("%s: got %d %s, close %v, %v; want %d", x.name, response.StatusCode, said, response.Close, err, x.status)
		}
		if !strings.Contains(s.log.String(), `"reason":"`+x.reason+`"`) {
			t.Errorf("%s: the log does not say so", x.name)
		}
	}
	if got := s.counts(t); got != "0 0 0 0" {
		t.Errorf("stored: %s", got)
	}
}

// TestBodyCutShortOverHTTP2: the same where the length does not fit and where
// the sender is slow.
func TestBodyCutShortOverHTTP2(t *testing.T) {
	s := newService(t)
	s.handler.options.Grace = 200 * time.Millisecond
	server := httptest.NewUnstartedServer(s.handler)
	server.EnableHTTP2 = true
	server.TLS = s.server.TLS.Clone()
	server.TLS.NextProtos = nil
	server.StartTLS()
	t.Cleanup(server.Close)
	c := s.client(t, "labo")
	c.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	body := transaction(patient, observed("o", "1"))
	slow, end := io.Pipe()
	t.Cleanup(func() { _ = end.Close() })
	go func() { _, _ = io.WriteString(end, body) }() // and never the end
	for name, source := range map[string]io.Reader{"slow": slow, "broken off": io.MultiReader(strings.NewReader(body), broken{})} {
		request, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/fhir", source)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/fhir+json")
		response, err := c.Do(request)
		if err != nil {
			if name == "slow" {
				t.Errorf("%s: %v", name, err)
			}
			continue // reset by its sender: there is no answer to read
		}
		_ = response.Body.Close()
		if response.ProtoMajor != 2 || response.StatusCode != 408 && response.StatusCode != 400 {
			t.Errorf("%s: got HTTP/%d %d", name, response.ProtoMajor, response.StatusCode)
		}
	}
	if got := s.counts(t); got != "0 0 0 0" {
		t.Errorf("stored: %s", got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken off") }

// TestSlowSendersKeepNobodyWaiting: with more of them than messages are read
// at once, others are answered, and in time they are too.
func TestSlowSendersKeepNobodyWaiting(t *testing.T) {
	s := newService(t)
	for range 2 * defaultParallel {
		if _, err := io.WriteString(s.dial(t), head+"Content-Length: 1000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
	}
	c := s.client(t, "labo")
	c.Timeout = defaultGrace / 2
	if got := s.send(t, c, "POST", "/fhir", transaction(patient)); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestBodiesHeldAreBounded: all bodies together, and each is given back.
func TestBodiesHeldAreBounded(t *testing.T) {
	b := &budget{limit: 10}
	if !b.take(6) || b.take(5) || !b.take(4) || b.take(1) {
		t.Error("not bounded")
	}
	if b.release(10); b.held.Load() != 0 || !b.take(10) {
		t.Error("not given back")
	}
	s := newService(t)
	c := s.client(t, "labo")
	s.handler.bodies.limit = 1000
	if got := s.send(t, c, "POST", "/fhir", transaction(patient)+strings.Repeat(" ", 1000)); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("got %d", got.status)
	}
	for _, body := range []string{transaction(patient), "{"} {
		s.send(t, c, "POST", "/fhir", body)
	}
	if held := s.handler.bodies.held.Load(); held != 0 {
		t.Errorf("%d bytes are not given back", held)
	}
}

// TestNeverSilent: net/http would answer 200 for a handler that says nothing.
func TestNeverSilent(t *testing.T) {
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // what was panicked with
			t.Errorf("got %v", p)
		}
	}()
	(&exchange{}).mustHaveAnswered()
}
