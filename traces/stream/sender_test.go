package stream

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	syslog "github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/octetcounting"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"guichet/fault"
	"guichet/store/storetest"
	"guichet/traces"
)

// receiver is an audit repository of a test: it accepts connections and does
// with each what serve does.
type receiver struct {
	authority *storetest.Authority
	config    *tls.Config
	listener  net.Listener
	serve     func(conn *tls.Conn, raw *net.TCPConn)
	done      sync.WaitGroup
}

// newReceiver starts one that asks for our certificate, and is gone with the test.
func newReceiver(t *testing.T, serve func(*tls.Conn, *net.TCPConn)) *receiver {
	t.Helper()
	authority := storetest.NewAuthority(t)
	r := &receiver{authority: authority, serve: serve, config: &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "localhost")},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), MinVersion: tls.VersionTLS12}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.listener = listener
	r.done.Go(func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			r.done.Go(func() {
				defer raw.Close()
				r.serve(tls.Server(sips{raw}, r.config), raw.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		r.done.Wait()
	})
	return r
}

// sips is a connection of which nobody holds much that they did not ask for, so
// that what a receiver has not read when it ends lies with its system.
type sips struct{ net.Conn }

func (s sips) Read(b []byte) (int, error) { return s.Conn.Read(b[:min(len(b), 64)]) }

// sender makes one for the receiver whose pauses are noted and take no time.
func (r *receiver) sender(t *testing.T, change func(*SenderOptions)) (s *Sender, pauses *[]time.Duration) {
	t.Helper()
	o := SenderOptions{Address: r.listener.Addr().String(), Timeout: 20 * time.Second, Attempts: 1,
		TLS: &tls.Config{RootCAs: r.authority.Pool(), ServerName: "localhost", Certificates: []tls.Certificate{r.authority.Issue(t, "guichet")}}}
	if change != nil {
		change(&o)
	}
	s, err := NewSender(o)
	if err != nil {
		t.Fatal(err)
	}
	pauses = new([]time.Duration)
	s.wait = func(ctx context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return ctx.Err()
	}
	return s, pauses
}

// lines are n of them, from a number on, that say which they are.
func lines(from, n int) (list [][]byte) {
	for i := range n {
		list = append(list, []byte(fmt.Sprintf("<85>1 - here Guichet - CEF - %d", from+i)))
	}
	return list
}

// readAll reads lines until the connection ends, by a parser that is not ours,
// and answers the end as a receiver must.
func readAll(conn *tls.Conn, got func(*string)) {
	octetcounting.NewParser(syslog.WithMaxMessageLength(1<<20), syslog.WithListener(func(r *syslog.Result) {
		if m, ok := r.Message.(*rfc5424.SyslogMessage); ok && r.Error == nil && m.Message != nil {
			got(m.Message)
		}
	})).Parse(conn)
	conn.Close()
}

func TestSendDelivers(t *testing.T) {
	var mu sync.Mutex
	var got []string
	r := newReceiver(t, func(conn *tls.Conn, _ *net.TCPConn) {
		readAll(conn, func(message *string) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, *message)
		})
	})
	s, pauses := r.sender(t, nil)
	var want []string
	for i, event := range traces.Events {
		e := traces.Entry{ID: int64(i + 1), At: time.UnixMicro(int64(i)).UTC(), Type: event.Type, Outcome: "granted"}
		var batch [][]byte
		for _, format := range Formats {
			line, err := Line(format, e, traces.Context{}, here)
			if err != nil {
				t.Fatal(err)
			}
			batch, want = append(batch, line), append(want, *readSyslog(t, line).Message)
		}
		if err := s.Send(t.Context(), batch...); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		there := slices.Clone(got) // already, since Send returned
		mu.Unlock()
		if !slices.Equal(there, want) {
			t.Fatalf("%d lines of %d", len(there), len(want))
		}
	}
	if len(*pauses) > 0 {
		t.Errorf("paused: %v", *pauses)
	}
	if err := s.Send(t.Context()); err != nil {
		t.Errorf("nothing to send: %v", err)
	}
}

// TestSendWantsTheRightReceiver, who learns nothing otherwise.
func TestSendWantsTheRightReceiver(t *testing.T) {
	for name, change := range map[string]func(*SenderOptions){
		"of another authority": func(o *SenderOptions) { o.TLS.RootCAs = storetest.NewAuthority(t).Pool() },
		"of another name":      func(o *SenderOptions) { o.TLS.ServerName = "elsewhere" },
		"by its address":       func(o *SenderOptions) { o.TLS.ServerName = "" },
		"refused by a check": func(o *SenderOptions) {
			o.TLS.VerifyConnection = func(tls.ConnectionState) error { return errors.New("revoked") }
		},
	} {
		heard := make(chan int64, 1)
		r := newReceiver(t, func(conn *tls.Conn, _ *net.TCPConn) {
			n, _ := io.Copy(io.Discard, conn)
			heard <- n
		})
		s, _ := r.sender(t, change)
		if err := s.Send(t.Context(), lines(1, 3)...); err == nil || fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
		if n := <-heard; n > 0 {
			t.Errorf("%s: it heard %d bytes", name, n)
		}
	}
}

// TestSendIsRefused: under TLS 1.3 the handshake is over, and lines are written,
// before the receiver has looked at our certificate.
func TestSendIsRefused(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		r := newReceiver(t, func(conn *tls.Conn, _ *net.TCPConn) {
			if n, err := io.Copy(io.Discard, conn); n > 0 || err == nil {
				t.Errorf("it took %d bytes", n)
			}
		})
		r.config.MaxVersion = version
		s, _ := r.sender(t, func(o *SenderOptions) {
			stranger := storetest.NewAuthority(t).Issue(t, "guichet")
			o.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &stranger, nil }
		})
		if err := s.Send(t.Context(), lines(1, 1)...); err == nil {
			t.Errorf("%s: it went through", tls.VersionName(version))
		}
	}
}

func TestSendTriesAgain(t *testing.T) {
	r := newReceiver(t, func(conn *tls.Conn, _ *net.TCPConn) { t.Error("it was reached") })
	s, pauses := r.sender(t, func(o *SenderOptions) { o.Attempts, o.Pause = 8, 300*time.Millisecond })
	r.listener.Close() // nobody is there
	err := s.Send(t.Context(), lines(1, 1)...)
	if err == nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
	want := []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 1200 * time.Millisecond, 2400 * time.Millisecond, 4800 * time.Millisecond, 9600 * time.Millisecond, 10 * time.Second}
	if !slices.Equal(*pauses, want) {
		t.Errorf("paused %v, want %v", *pauses, want)
	}
}

// TestSendDoesNotWaitForEver for a receiver that takes a connection and is then
// too slow, whatever it is slow in; nor after its caller has gone.
func TestSendDoesNotWaitForEver(t *testing.T) {
	big := [][]byte{bytes.Repeat([]byte("x"), 64<<20)} // more than any buffer holds
	for name, c := range map[string]struct {
		lines [][]byte
		serve func(conn *tls.Conn, reached func())
	}{
		"shake hands":   {lines(1, 1), func(_ *tls.Conn, reached func()) { reached() }},
		"read a line":   {big, func(conn *tls.Conn, reached func()) { _, _ = conn.Read(make([]byte, 1)); reached() }},
		"say it is all": {lines(1, 1), func(conn *tls.Conn, reached func()) { _, _ = io.Copy(io.Discard, conn); reached() }},
	} {
		for _, gone := range []bool{false, true} {
			stop := make(chan struct{})
			reached := make(chan struct{}, 1)
			r := newReceiver(t, func(conn *tls.Conn, _ *net.TCPConn) {
				c.serve(conn, func() { reached <- struct{}{} })
				<-stop
			})
			s, _ := r.sender(t, func(o *SenderOptions) {
				if !gone {
					o.Timeout = 100 * time.Millisecond
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				if <-reached; gone {
					cancel()
				}
			}()
			err := s.Send(ctx, c.lines...)
			if timeout, ok := errors.AsType[net.Error](err); err == nil || (ok && timeout.Timeout()) == gone {
				t.Errorf("slow to %s, caller gone %t: %v", name, gone, err)
			}
			cancel()
			close(stop)
		}
	}
}

// TestSendBelievesOneEndOnly: the receiver's close_notify, after it has read all.
func TestSendBelievesOneEndOnly(t *testing.T) {
	some := func(conn *tls.Conn, n int) { _, _ = io.CopyN(io.Discard, conn, int64(n)) }
	batch := slices.Repeat([][]byte{bytes.Repeat([]byte("x"), 4096)}, 200)
	total := 0
	for _, line := range batch {
		total += len(frame(line))
	}
	for name, serve := range map[string]func(*tls.Conn, *net.TCPConn){
		"at once":                    func(conn *tls.Conn, _ *net.TCPConn) { _ = conn.Handshake(); conn.Close() },
		"after one line":             func(conn *tls.Conn, _ *net.TCPConn) { some(conn, len(frame(batch[0]))); conn.Close() },
		"after half":                 func(conn *tls.Conn, _ *net.TCPConn) { some(conn, total/2); conn.Close() },
		"without a word, after half": func(conn *tls.Conn, raw *net.TCPConn) { some(conn, total/2); raw.Close() },
		"without a word, after all":  func(conn *tls.Conn, raw *net.TCPConn) { some(conn, total); raw.Close() },
		"without a word, at the end": func(conn *tls.Conn, raw *net.TCPConn) { _, _ = io.Copy(io.Discard, conn); raw.Close() },
		"by a reset, after all": func(conn *tls.Conn, raw *net.TCPConn) {
			_, _ = io.Copy(io.Discard, conn)
			_ = raw.SetLinger(0)
			raw.Close()
		},
		"with more than its system has": func(conn *tls.Conn, raw *net.TCPConn) {
			_, _ = conn.Read(make([]byte, 1))
			_, _ = conn.CloseWrite(), raw.CloseWrite()
			<-t.Context().Done()
		},
		"with an answer": func(conn *tls.Conn, _ *net.TCPConn) {
			_, _ = io.Copy(io.Discard, conn)
			_, _ = conn.Write([]byte("ok"))
			conn.Close()
		},
	} {
		r := newReceiver(t, serve)
		s, _ := r.sender(t, nil)
		for range 20 {
			if err := s.Send(t.Context(), batch...); err == nil {
				t.Errorf("an end %s was believed", name)
				break
			}
		}
	}
}

// TestNothingIsLost: a receiver that ends connections in every way it can, at
// every place, gets a thousand lines in order. What it gets again, it gets from
// the beginning of a call that it had not seen the end of.
func TestNothingIsLost(t *testing.T) {
	const all = 1000
	// Lines of which the receiver's own buffers do not hold the next one: what it
	// has read and not looked at when it closes is no matter of ours.
	long := func(from, n int) [][]byte {
		list := lines(from, n)
		for i, line := range list {
			head, number, _ := bytes.Cut(line, []byte("CEF - "))
			list[i] = slices.Concat(head, []byte("CEF - "), bytes.Repeat([]byte(" "), 1000), number)
		}
		return list
	}
	var mu sync.Mutex
	var got []int
	connection := 0
	r := newReceiver(t, func(conn *tls.Conn, raw *net.TCPConn) {
		mu.Lock()
		connection++
		turn := connection
		mu.Unlock()
		left := turn % 7 // how many lines it reads before it breaks; the first way is not to
		end, broken := turn/7%4, false
		read := func(message *string) {
			if broken { // the parser has some left
				return
			}
			n, err := strconv.Atoi(strings.TrimLeft(*message, " "))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			got = append(got, n)
			mu.Unlock()
			if left--; left == 0 && end > 0 {
				broken = true
				switch end {
				case 1:
					conn.Close() // in good order, though not at the end
				case 2:
					raw.Close()
				case 3:
					_ = raw.SetLinger(0)
					raw.Close()
				}
			}
		}
		readAll(conn, read)
	})
	s, _ := r.sender(t, func(o *SenderOptions) { o.Attempts = 100 })
	begins := map[int]bool{}
	for from, size := 1, 1; from <= all; from, size = from+size, size%9+1 {
		size = min(size, all+1-from)
		begins[from] = true
		if err := s.Send(t.Context(), long(from, size)...); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		last := got[len(got)-1]
		mu.Unlock()
		if last != from+size-1 {
			t.Fatalf("Send returned, and the last line there is %d, not %d", last, from+size-1)
		}
	}
	next, again := 1, 0
	for i, n := range got {
		switch {
		case n == next:
			next++
		case n < next && (n == got[i-1]+1 || begins[n]):
			again++
		default:
			t.Fatalf("line %d after %d, where %d is next", n, got[i-1], next)
		}
	}
	if next != all+1 {
		t.Errorf("the last is %d", next-1)
	}
	if again == 0 || connection < 250 {
		t.Errorf("%d connections, %d lines again: nothing was broken", connection, again)
	}
	t.Logf("%d connections, %d lines again", connection, again)
}

func TestNewSender(t *testing.T) {
	certificate := []tls.Certificate{{}}
	for name, c := range map[string]struct {
		o  SenderOptions
		ok bool
	}{
		"complete":           {SenderOptions{Address: "siem.example:6514", TLS: &tls.Config{Certificates: certificate}}, true},
		"no port":            {SenderOptions{Address: "siem.example", TLS: &tls.Config{Certificates: certificate}}, false},
		"no TLS":             {SenderOptions{Address: "siem.example:6514"}, false},
		"no verification":    {SenderOptions{Address: "siem.example:6514", TLS: &tls.Config{Certificates: certificate, InsecureSkipVerify: true}}, false}, // #nosec G402 -- refused
		"nothing to show it": {SenderOptions{Address: "siem.example:6514", TLS: &tls.Config{}}, false},
	} {
		s, err := NewSender(c.o)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (s.options.TLS.MinVersion < tls.VersionTLS12 || s.options.TLS.ServerName != "siem.example" || s.options.Timeout <= 0 || s.options.Attempts <= 0 || s.options.Pause <= 0) {
			t.Errorf("%s: %+v", name, s.options)
		}
	}
	o := SenderOptions{Address: "siem.example:6514", TLS: &tls.Config{Certificates: certificate, ClientSessionCache: tls.NewLRUClientSessionCache(1)}}
	if s, err := NewSender(o); err != nil || s.options.TLS.ClientSessionCache != nil || o.TLS.ClientSessionCache == nil {
		t.Error("a session would be resumed, or the caller's configuration was changed")
	}
}

func TestPause(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := pause(ctx, time.Nanosecond); err != nil {
		t.Error(err)
	}
	cancel()
	if err := pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestFrame: octets, not characters.
func TestFrame(t *testing.T) {
	for line, want := range map[string]string{"": "0 ", "abc": "3 abc", "é": "2 é", strings.Repeat("x", 12): "12 xxxxxxxxxxxx"} {
		if got := string(frame([]byte(line))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
