package intake

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func frame(content string) string { return "\x0B" + content + "\x1C\r" }

// everything returns what the server sends until it closes.
func everything(t *testing.T, conn net.Conn) string {
	t.Helper()
	all, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	return string(all)
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name   string
		writes []string
		want   string
		reason string // logged; empty when the conversation ends well
	}{
		{"one message", []string{frame("MSH|1")}, frame("ACK MSH|1"), ""},
		{"three in one write", []string{frame("a") + frame("b") + frame("c")}, frame("ACK a") + frame("ACK b") + frame("ACK c"), ""},
		{"one in many writes", []string{"\x0B", "M", "SH", "\x1C", "\r"}, frame("ACK MSH"), ""},
		{"line breaks between", []string{frame("a") + "\n" + frame("b") + "\r\n"}, frame("ACK a") + frame("ACK b"), ""},
		{"no last byte", []string{"\x0Ba\x1C"}, frame("ACK a"), ""},
		{"empty", []string{"\x0B\x1C\r"}, frame("ACK "), ""},
		{"nothing", nil, "", ""},
		{"garbage first", []string{"x" + frame("a")}, "", "outside a frame"},
		{"HTTP", []string{"GET / HTTP/1.1\r\n\r\n"}, "", "outside a frame"},
		{"line breaks without end", []string{strings.Repeat("\n", 100)}, "", "outside a frame"},
		{"frame in a frame", []string{"\x0Ba" + frame("b")}, "", "broken frame"},
		{"end in the middle", []string{"\x0Ba\x1Cb\x1C\r"}, "", "broken frame"},
		{"cut", []string{"\x0BMSH|half"}, "", "ended inside a frame"},
		{"good, then bad", []string{frame("a") + "garbage"}, frame("ACK a"), "outside a frame"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ts := serve(t, &Server{})
			conn := ts.dial()
			for _, write := range test.writes {
				if _, err := io.WriteString(conn, write); err != nil {
					t.Fatal(err)
				}
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got := everything(t, conn); got != test.want {
				t.Errorf("answered %q, want %q", got, test.want)
			}
			ts.stop()
			err := <-ts.ended
			ts.ended <- err
			log := ts.log.String()
			if test.reason == "" && log != "" || !strings.Contains(log, test.reason) {
				t.Errorf("log is %q, want %q in it", log, test.reason)
			}
			if strings.Contains(log, "MSH") {
				t.Errorf("content was logged: %q", log)
			}
		})
	}
}

func TestASenderWithoutTheLastByteIsAnsweredWhileItWaits(t *testing.T) {
	conn := serve(t, &Server{}).dial()
	if _, err := io.WriteString(conn, "\x0Ba\x1C"); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(frame("ACK a")))
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != frame("ACK a") {
		t.Errorf("answered %q, %v", answer, err)
	}
}

func TestAMessageAtAndAboveTheLimit(t *testing.T) {
	head := `MSH|^~\&|A|B|C|D|2026||ORU^R01|77|P|2.5` + "\r"
	content := head + strings.Repeat("x", 60_000-len(head))
	ts := serve(t, &Server{MaxMessage: 60_000})
	conn := ts.dial()
	answer, err := Send(t.Context(), conn, []byte(content))
	if err != nil || len(answer) != 60_004 {
		t.Fatalf("at the limit: %d bytes, %v", len(answer), err)
	}
	answer, err = Send(t.Context(), conn, []byte(content+"x"))
	if err != nil || !bytes.Contains(answer, []byte("MSA|AR|77\r")) || !bytes.Contains(answer, []byte("too-large")) {
		t.Errorf("above the limit: %q, %v", answer, err)
	}
	if got := everything(t, conn); got != "" {
		t.Errorf("the connection went on: %q", got)
	}
}

func TestFarTooLargeIsNotReadToItsEnd(t *testing.T) {
	ts := serve(t, &Server{MaxMessage: 1000})
	conn := ts.dial()
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	_, err := conn.Write([]byte{startBlock})
	for range 1000 {
		if err != nil {
			return // the server hung up
		}
		_, err = conn.Write(chunk)
	}
	t.Error("65 MB were taken in")
}

func TestSlowSendersAreCutOff(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		ts := serve(t, &Server{IdleTimeout: 50 * time.Millisecond})
		if got := everything(t, ts.dial()); got != "" || ts.log.String() != "" {
			t.Errorf("got %q, log %q", got, ts.log.String())
		}
	})
	t.Run("trickling", func(t *testing.T) {
		ts := serve(t, &Server{MessageTimeout: 300 * time.Millisecond})
		conn := ts.dial()
		go func() {
			ticker := time.NewTicker(20 * time.Millisecond)
			defer ticker.Stop()
			_, err := conn.Write([]byte{startBlock})
			for err == nil {
				<-ticker.C
				_, err = conn.Write([]byte("x"))
			}
		}()
		start := time.Now()
		_ = everything(t, conn)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("held the connection for %v", took)
		}
	})
	t.Run("no handshake", func(t *testing.T) {
		ts := serve(t, &Server{HandshakeTimeout: 50 * time.Millisecond})
		conn, err := net.Dial("tcp", ts.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := everything(t, conn); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestOnlyCertificatesOfTheAuthorityAreLetIn(t *testing.T) {
	ts := serve(t, &Server{})
	stranger := newAuthority(t).issue(t, "laboratory")
	for name, certificates := range map[string][]tls.Certificate{"none": nil, "another authority's": {stranger}} {
		conn, err := tls.Dial("tcp", ts.address, &tls.Config{RootCAs: ts.ca.pool, ServerName: "localhost", Certificates: certificates})
		if err != nil {
			continue
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := Send(t.Context(), conn, []byte("a")); err == nil {
			t.Errorf("certificate %s: answered", name)
		}
		_ = conn.Close()
	}
}

// TestAListenerThatAsksForNoCertificateIsNoUse holds even when the listener is
// set up wrongly.
func TestAListenerThatAsksForNoCertificateIsNoUse(t *testing.T) {
	ca := newAuthority(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "localhost")}, MinVersion: tls.VersionTLS12}
	ctx, stop := context.WithCancel(t.Context())
	s := &Server{Handle: echo}
	var servers sync.WaitGroup
	servers.Go(func() { _ = s.Serve(ctx, inner) })
	servers.Go(func() { _ = s.Serve(ctx, tls.NewListener(secure, config)) })
	plainConn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Send(ctx, plainConn, []byte("a")); err == nil {
		t.Error("answered without TLS")
	}
	tlsConn, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{RootCAs: ca.pool, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Send(ctx, tlsConn, []byte("a")); err == nil {
		t.Error("answered without a client certificate")
	}
	stop()
	servers.Wait()
}

// TestAConnectionEndsWithItsCertificate: a sender that stays is looked at again,
// what it is sending is still answered, and a new session would need a new
// handshake (AA3.b).
func TestAConnectionEndsWithItsCertificate(t *testing.T) {
	var revoked atomic.Bool
	refused, closed := make(chan struct{}), make(chan struct{})
	ts := serve(t, &Server{
		RecheckEvery: time.Millisecond,
		Recheck: func(state tls.ConnectionState) error {
			if len(state.VerifiedChains) == 0 {
				t.Error("looked at a connection without a chain")
			}
			if revoked.Load() {
				close(refused) // once: nobody looks again after it
				return errors.New("revoked")
			}
			return nil
		},
		Handle: func(ctx context.Context, p Peer, raw []byte) []byte {
			if string(raw) == "last" {
				revoked.Store(true)
				<-refused
			}
			return echo(ctx, p, raw)
		},
		Opened: func(ctx context.Context, _ Peer) (context.Context, error) { return ctx, nil },
		Closed: func(context.Context, Peer) { close(closed) },
	})
	conn := ts.dial()
	if _, err := Send(t.Context(), conn, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if answer, err := Send(t.Context(), conn, []byte("last")); err != nil || string(answer) != "ACK last" {
		t.Errorf("what was being handled: %q, %v", answer, err)
	}
	<-closed
	if _, err := Send(t.Context(), conn, []byte("more")); err == nil {
		t.Error("the connection goes on")
	}
	ts.stop()
	if !strings.Contains(ts.log.String(), "certificate no longer accepted: revoked") {
		t.Errorf("log is %q", ts.log.String())
	}
}

func TestConnectionsAreCapped(t *testing.T) {
	ts := serve(t, &Server{MaxConnections: 2})
	first, secondConn := ts.dial(), ts.dial()
	for _, conn := range []net.Conn{first, secondConn} {
		if _, err := Send(t.Context(), conn, []byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	if conn, err := tls.Dial("tcp", ts.address, &tls.Config{RootCAs: ts.ca.pool, ServerName: "localhost", Certificates: []tls.Certificate{ts.client}}); err == nil {
		_, err = Send(t.Context(), conn, []byte("a"))
		_ = conn.Close()
		if err == nil {
			t.Error("a third connection was let in")
		}
	}
	if _, err := Send(t.Context(), first, []byte("b")); err != nil {
		t.Errorf("the first connection suffered: %v", err)
	}
	if !strings.Contains(ts.log.String(), "too many connections") {
		t.Errorf("log is %q", ts.log.String())
	}
}

func TestPeerAndItsContext(t *testing.T) {
	type key struct{}
	var closed atomic.Int32
	var refuse atomic.Bool
	ts := serve(t, &Server{
		Opened: func(ctx context.Context, peer Peer) (context.Context, error) {
			if refuse.Load() {
				return nil, errors.New("not this peer")
			}
			return context.WithValue(ctx, key{}, peer.Certificate.DNSNames[0]), nil
		},
		Closed: func(ctx context.Context, _ Peer) {
			if ctx.Value(key{}) == "laboratory" {
				closed.Add(1)
			}
		},
		Handle: func(ctx context.Context, peer Peer, _ []byte) []byte {
			name, _ := ctx.Value(key{}).(string)
			return []byte(name + " " + peer.Address.Addr().String())
		},
	})
	answer, err := Send(t.Context(), ts.dial(), []byte("a"))
	if err != nil || string(answer) != "laboratory 127.0.0.1" {
		t.Errorf("answered %q, %v", answer, err)
	}
	refuse.Store(true)
	if _, err := Send(t.Context(), ts.dial(), []byte("a")); err == nil {
		t.Error("a refused peer was answered")
	}
	ts.stop()
	err = <-ts.ended
	ts.ended <- err
	if closed.Load() != 1 {
		t.Errorf("Closed was called %d times, want once", closed.Load())
	}
}

func TestAMessageBeingHandledIsAnsweredAtTheEnd(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	ts := serve(t, &Server{Handle: func(ctx context.Context, _ Peer, raw []byte) []byte {
		close(begun)
		<-finish
		if ctx.Err() != nil {
			return nil
		}
		return raw
	}})
	idle := ts.dial()
	if err := idle.Handshake(); err != nil {
		t.Fatal(err)
	}
	conn := ts.dial()
	answered := make(chan string, 1)
	go func() {
		answer, err := Send(context.Background(), conn, []byte("a"))
		if err != nil {
			answer = []byte(err.Error())
		}
		answered <- string(answer)
	}()
	<-begun
	ts.stop()
	_ = everything(t, idle) // ended at once
	select {
	case err := <-ts.ended:
		t.Errorf("Serve returned (%v) with a message unanswered", err)
		ts.ended <- err
	default:
	}
	close(finish)
	if got := <-answered; got != "a" {
		t.Errorf("answered %q", got)
	}
	err := <-ts.ended
	ts.ended <- err
	if _, err := net.DialTimeout("tcp", ts.address, time.Second); err == nil {
		t.Error("still listening")
	}
}

func TestNoAnswerClosesTheConnection(t *testing.T) {
	ts := serve(t, &Server{Handle: func(context.Context, Peer, []byte) []byte { return nil }})
	if _, err := Send(t.Context(), ts.dial(), []byte("a")); err == nil {
		t.Error("answered")
	}
}

func TestSend(t *testing.T) {
	t.Run("ends with its context", func(t *testing.T) {
		release := make(chan struct{})
		ts := serve(t, &Server{Handle: func(context.Context, Peer, []byte) []byte { <-release; return nil }})
		defer close(release)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if _, err := Send(ctx, ts.dial(), []byte("a")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses what breaks a frame", func(t *testing.T) {
		conn := serve(t, &Server{}).dial()
		for _, raw := range []string{"a\x0Bb", "a\x1Cb"} {
			if _, err := Send(t.Context(), conn, []byte(raw)); !errors.Is(err, errBadFrame) {
				t.Errorf("%q: %v", raw, err)
			}
		}
	})
}

func TestManySendersAtOnce(t *testing.T) {
	ts := serve(t, &Server{})
	var senders sync.WaitGroup
	for range 20 {
		conn := ts.dial()
		senders.Go(func() {
			for range 10 {
				if answer, err := Send(t.Context(), conn, []byte("m")); err != nil || string(answer) != "ACK m" {
					t.Errorf("answered %q, %v", answer, err)
					return
				}
			}
		})
	}
	senders.Wait()
}
