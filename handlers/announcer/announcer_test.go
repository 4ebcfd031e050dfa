package announcer_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/handlers"
	"guichet/handlers/announcer"
	"guichet/store"
	"guichet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var alert = store.Alert{ID: 7, Kind: "not-me", Entry: 4711, At: time.Date(2026, 11, 21, 8, 0, 0, 123456000, time.UTC)}

func secret(value string) func() (string, error) { return func() (string, error) { return value, nil } }

// postbox is a mail server in this process.
type postbox struct {
	port     int
	implicit bool // TLS from the first byte
	plain    bool // offers no STARTTLS
	silent   bool // accepts, and says nothing
	refuses  bool // the message

	mu       sync.Mutex
	commands []string // outside TLS in lower case, inside in upper
	messages []string
}

func newPostbox(t *testing.T, secured *tls.Config, change func(*postbox)) *postbox {
	t.Helper()
	b := &postbox{}
	if change != nil {
		change(b)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.port = listener.Addr().(*net.TCPAddr).Port
	var conversations sync.WaitGroup
	conversations.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conversations.Go(func() { b.converse(conn, secured) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		conversations.Wait()
	})
	return b
}

func (b *postbox) note(command string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.commands = append(b.commands, command)
}

func (b *postbox) converse(conn net.Conn, secured *tls.Config) {
	defer func() { _ = conn.Close() }()
	if b.silent {
		_, _ = io.Copy(io.Discard, conn) // until the other side has had enough
		return
	}
	inside := b.implicit
	if inside {
		conn = tls.Server(conn, secured)
	}
	lines := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 mail.test ESMTP")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if !inside {
			verb = strings.ToLower(verb)
		}
		b.note(verb)
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-mail.test")
			if !inside && !b.plain {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go")
			conn = tls.Server(conn, secured)
			lines, inside = bufio.NewReader(conn), true
		case "AUTH":
			b.note(line)
			say("235 welcome")
		case "DATA":
			say("354 go")
			var message strings.Builder
			for {
				text, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if text == ".\r\n" {
					break
				}
				message.WriteString(text)
			}
			if b.refuses {
				say("451 later")
				continue
			}
			b.mu.Lock()
			b.messages = append(b.messages, message.String())
			b.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// newMail is the channel of a mail server, under an authority.
func newMail(t *testing.T, trusted *storetest.Authority, b *postbox, change func(*announcer.MailOptions)) *announcer.Mail {
	t.Helper()
	o := announcer.MailOptions{Host: "localhost", Port: b.port, Implicit: b.implicit, TLS: &tls.Config{RootCAs: trusted.Pool(), MinVersion: tls.VersionTLS12},
		From: "guichet@hopital.example", To: []string{"astreinte@hopital.example", "rssi@hopital.example"}, Name: "Hôpital d'essai"}
	if change != nil {
		change(&o)
	}
	return announcer.NewMail(o)
}

// TestMail: an alert reaches a mail server over STARTTLS and over implicit TLS,
// with a password inside TLS only, and says what it may.
func TestMail(t *testing.T) {
	authority := storetest.NewAuthority(t)
	secured := &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "localhost")}, MinVersion: tls.VersionTLS12}
	for _, implicit := range []bool{false, true} {
		t.Run(fmt.Sprintf("implicit %v", implicit), func(t *testing.T) {
			b := newPostbox(t, secured, func(b *postbox) { b.implicit = implicit })
			m := newMail(t, authority, b, func(o *announcer.MailOptions) { o.User, o.Password = "guichet", secret("pa55") })
			for range 2 {
				if err := m.Tell(t.Context(), alert); err != nil {
					t.Fatal(err)
				}
			}
			if want := base64.StdEncoding.EncodeToString([]byte("\x00guichet\x00pa55")); !slices.Contains(b.commands, "AUTH PLAIN "+want) {
				t.Errorf("heard %q, want the password", b.commands)
			}
			for _, command := range b.commands {
				if command != strings.ToUpper(command) && !strings.HasPrefix(command, "AUTH ") && command != "ehlo" && command != "starttls" {
					t.Errorf("%s outside of TLS", command)
				}
			}
			first, second := readMail(t, b.messages[0]), readMail(t, b.messages[1])
			if first.id == "" || first.id != second.id {
				t.Errorf("two ids for one alert: %q, %q", first.id, second.id)
			}
			if first.subject != "[Guichet] alerte / alert: not-me (4711)" || first.to != "<astreinte@hopital.example>, <rssi@hopital.example>" {
				t.Errorf("got %+v", first)
			}
			french, english, _ := strings.Cut(first.body, "\n--\n")
			for _, part := range []string{french, english} {
				for _, want := range []string{"not-me", "2026-11-21T08:00:00Z", "4711", "docs/runbooks/not-me.md"} {
					if !strings.Contains(part, want) {
						t.Errorf("%q does not say %s", part, want)
					}
				}
			}
		})
	}
}

type letter struct{ id, subject, to, body string }

func readMail(t *testing.T, text string) letter {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return letter{m.Header.Get("Message-ID"), m.Header.Get("Subject"), m.Header.Get("To"), strings.ReplaceAll(string(body), "\r\n", "\n")}
}

// TestMailIsNotSent to a server that nobody vouches for, that has another name,
// that offers no TLS, or that does not take it; and a silent one costs no longer
// than it may.
func TestMailIsNotSent(t *testing.T) {
	authority, foreign := storetest.NewAuthority(t), storetest.NewAuthority(t)
	good := &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "localhost")}, MinVersion: tls.VersionTLS12}
	named := &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "other.example")}, MinVersion: tls.VersionTLS12}
	unknown := &tls.Config{Certificates: []tls.Certificate{foreign.Issue(t, "localhost")}, MinVersion: tls.VersionTLS12}
	for _, c := range []struct {
		name    string
		secured *tls.Config
		server  func(*postbox)
	}{
		{"no authority of ours, STARTTLS", unknown, nil},
		{"no authority of ours, implicit TLS", unknown, func(b *postbox) { b.implicit = true }},
		{"another name, STARTTLS", named, nil},
		{"another name, implicit TLS", named, func(b *postbox) { b.implicit = true }},
		{"no STARTTLS", good, func(b *postbox) { b.plain = true }},
		{"not taken", good, func(b *postbox) { b.refuses = true }},
		{"silent", good, func(b *postbox) { b.silent = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newPostbox(t, c.secured, c.server)
			m := newMail(t, authority, b, func(o *announcer.MailOptions) { o.User, o.Password = "guichet", secret("pa55") })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if b.silent {
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			defer cancel()
			began := time.Now()
			defer func() {
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("took %v: the library's time, not ours", took)
				}
			}()
			if err := m.Tell(ctx, alert); err == nil || strings.Contains(err.Error(), "pa55") {
				t.Errorf("got %v", err)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			if len(b.messages) != 0 {
				t.Error("the message was sent")
			}
			if !b.refuses && slices.ContainsFunc(b.commands, func(s string) bool { return strings.Contains(strings.ToUpper(s), "AUTH") }) {
				t.Error("the password was shown")
			}
		})
	}
}

// hook is an HTTPS receiver in this process.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	heard  []*http.Request
	bodies []string
}

func newHook(t *testing.T, pair tls.Certificate) *hook {
	t.Helper()
	h := &hook{status: http.StatusNoContent}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.heard, h.bodies = append(h.heard, r), append(h.bodies, string(body))
		if h.status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(h.status)
	}))
	h.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	h.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

func (h *hook) address() string {
	return strings.Replace(h.URL, "127.0.0.1", "localhost", 1) + "/alerts"
}

func TestWebhook(t *testing.T) {
	authority, foreign := storetest.NewAuthority(t), storetest.NewAuthority(t)
	trust := &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}
	h := newHook(t, authority.Issue(t, "localhost"))
	tell := func(url string) error {
		return announcer.NewWebhook(announcer.WebhookOptions{URL: url, Token: secret("t0ken"), TLS: trust.Clone(), Name: "Hôpital d'essai"}).Tell(t.Context(), alert)
	}
	if err := tell(h.address()); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(h.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": 7.0, "kind": "not-me", "at": "2026-11-21T08:00:00.123456Z", "entry": 4711.0, "runbook": "docs/runbooks/not-me.md", "service": "guichet", "site": "Hôpital d'essai"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("posted %v, want %v", got, want)
	}
	if r := h.heard[0]; r.Method != http.MethodPost || r.URL.Path != "/alerts" || r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("asked %s %s %v", r.Method, r.URL, r.Header)
	}
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusForbidden, http.StatusServiceUnavailable} {
		h.mu.Lock()
		h.status = status
		h.mu.Unlock()
		before := len(h.heard)
		if err := tell(h.address()); err == nil || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("answered %d: got %v", status, err)
		}
		if len(h.heard) != before+1 {
			t.Errorf("answered %d: it was followed", status)
		}
	}
	for name, pair := range map[string]tls.Certificate{"no authority of ours": foreign.Issue(t, "localhost"), "another name": authority.Issue(t, "other.example")} {
		bad := newHook(t, pair)
		if err := tell(bad.address()); err == nil || len(bad.heard) != 0 {
			t.Errorf("%s: got %v, and it heard %d", name, err, len(bad.heard))
		}
	}
}

// dead is a channel whose receiver is away, until it is not.
type dead struct {
	away error
	told []int64
}

func (*dead) Name() string { return "dead" }

func (d *dead) Tell(_ context.Context, a store.Alert) error {
	if d.away == nil {
		d.told = append(d.told, a.Entry)
	}
	return d.away
}

// TestADeadReceiverBlocksNothingAndLosesNothing, and shows in the figures.
func TestADeadReceiverBlocksNothingAndLosesNothing(t *testing.T) {
	d := storetest.New(t)
	now := time.Now().Truncate(time.Second)
	d.SetClock(t, now)
	admin := d.Superuser(t)
	if _, err := admin.Exec(`INSERT INTO guichet.alert (at, kind, about, entry) SELECT guichet.clock(), 'not-me', int4send(n), n FROM generate_series(1, 3) n`); err != nil {
		t.Fatal(err)
	}
	authority := storetest.NewAuthority(t)
	h := newHook(t, authority.Issue(t, "localhost"))
	lost := &dead{away: errors.New("nobody there")}
	var log bytes.Buffer
	metrics := handlers.NewMetrics()
	a := announcer.New(announcer.Options{Store: d.Open(t, "guichet_portal"), Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: metrics, Channels: []announcer.Channel{lost,
		announcer.NewWebhook(announcer.WebhookOptions{URL: h.address(), Token: secret("t0ken"), TLS: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12}})}})
	if failed := a.Step(t.Context()); len(failed) != 1 || failed["dead"] == nil {
		t.Errorf("failed: %v, want the dead one", failed)
	}
	if len(h.bodies) != 3 || strings.Count(log.String(), `msg="alert: not-me"`) != 3 {
		t.Errorf("beside a dead channel: %d posted, log %s", len(h.bodies), log.String())
	}
	figure(t, metrics, `guichet_alerts_waiting{channel="dead"} 3`, `guichet_alerts_waiting{channel="webhook"} 0`, `guichet_alerts_announced_total{channel="dead",outcome="failed"} 1`,
		`guichet_alerts_announced_total{channel="webhook",outcome="told"} 3`, `guichet_alerts_total{kind="not-me"} 3`)
	lost.away = nil
	d.SetClock(t, now.Add(time.Minute))
	if failed := a.Step(t.Context()); len(failed) != 0 || !slices.Equal(lost.told, []int64{1, 2, 3}) {
		t.Errorf("back: %v, told %v", failed, lost.told)
	}
	if len(h.bodies) != 3 {
		t.Errorf("posted again: %d", len(h.bodies))
	}
	figure(t, metrics, `guichet_alerts_waiting{channel="dead"} 0`)
}

// TestServeTellsWhileAnotherWaits: a receiver that never answers holds up no
// other channel.
func TestServeTellsWhileAnotherWaits(t *testing.T) {
	d := storetest.New(t)
	if _, err := d.Superuser(t).Exec(`INSERT INTO guichet.alert (at, kind, about, entry) VALUES (guichet.clock(), 'not-me', '', 1)`); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan struct{})
	a := announcer.New(announcer.Options{Store: d.Open(t, "guichet_portal"), Log: slog.New(slog.DiscardHandler), Metrics: handlers.NewMetrics(), Channels: []announcer.Channel{
		channel{"silent", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		channel{"quick", func(context.Context) error { close(told); return nil }}}})
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx) }()
	<-told
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

type channel struct {
	name string
	tell func(context.Context) error
}

func (c channel) Name() string { return c.name }

func (c channel) Tell(ctx context.Context, _ store.Alert) error { return c.tell(ctx) }

func figure(t *testing.T, m *handlers.Metrics, want ...string) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range want {
		if !strings.Contains(w.Body.String(), "\n"+line+"\n") {
			t.Errorf("the figures lack %s", line)
		}
	}
}
