package sequencer_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"guichet/handlers/sequencer"
	"guichet/traces"
	"guichet/traces/stamp"
	"guichet/traces/stamp/stamptest"
	"guichet/traces/stream"

	"github.com/leodido/go-syslog/v4/rfc5424"
	"golang.org/x/mod/sumdb/note"
)

// signed is a checkpoint of a size.
func signed(t *testing.T, by note.Signer, size int64) []byte {
	t.Helper()
	text, err := traces.Checkpoint{Size: size, At: time.Date(2026, 11, 30, 12, 0, int(size), 1000, time.UTC)}.Sign(by)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// relay serves one until the test ends; waits are noted, and take no time but that
// of the clock that they move.
type relay struct {
	*sequencer.Relay
	now   time.Time // of the goroutine that serves
	waits chan time.Duration
}

func newRelay(t *testing.T, send func(context.Context, []byte) error, change func(*sequencer.RelayOptions)) *relay {
	t.Helper()
	r := &relay{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), waits: make(chan time.Duration, 1000)}
	o := sequencer.RelayOptions{Name: "witness", Send: send, Every: time.Minute, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return r.now },
		Wait: func(ctx context.Context, d time.Duration) error {
			r.now = r.now.Add(d)
			r.waits <- d
			return ctx.Err()
		}}
	if change != nil {
		change(&o)
	}
	r.Relay = sequencer.NewRelay(o)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return r
}

// TestHangingRelay: a receiver that hangs holds up no sequencing; when it is back it
// gets the newest checkpoint, and none of those between.
func TestHangingRelay(t *testing.T) {
	h := newHouse(t)
	got, release := make(chan []byte), make(chan struct{})
	r := newRelay(t, func(ctx context.Context, signed []byte) error {
		got <- signed
		select {
		case <-release:
		case <-ctx.Done():
		}
		return ctx.Err()
	}, nil)
	s := sequencer.New(sequencer.Options{Store: h.Open(t, "guichet_sequencer"), Signer: h.signer, Verifier: h.verifier, Log: slog.New(slog.DiscardHandler),
		Publisher: sequencer.Relayed{Publisher: h.published, Relays: []*sequencer.Relay{r.Relay}}})
	t.Cleanup(s.Close)
	step := func() {
		t.Helper()
		h.leave(t, 3)
		if _, err := s.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	step()
	first := <-got // and it hangs
	for range 5 {
		step()
	}
	if len(h.published.all) != 6 || !bytes.Equal(first, h.published.all[0]) {
		t.Fatalf("%d checkpoints while the receiver hangs, want 6", len(h.published.all))
	}
	release <- struct{}{}
	if second := <-got; !bytes.Equal(second, h.published.all[5]) {
		t.Error("when it was back, it got another one than the newest")
	}
	release <- struct{}{}
	if wait := <-r.waits; wait != time.Minute {
		t.Errorf("it was sent another after %v", wait)
	}
	// A folder that cannot be written is no such thing: the step fails.
	h.published.fail = errors.New("disk full")
	h.leave(t, 1)
	if _, err := s.Step(t.Context()); err == nil {
		t.Error("nothing was published, and no error")
	}
}

// TestDeadRelay: who is away is tried again, less and less often, for a bounded time
// each, and rings after a quarter of an hour, then once an hour.
func TestDeadRelay(t *testing.T) {
	var alarms []time.Duration
	took := make(chan time.Time, 1)
	var r *relay
	tries, left := 0, time.Duration(0)
	begun := make(chan struct{})
	r = newRelay(t, func(ctx context.Context, _ []byte) error {
		<-begun
		deadline, ok := ctx.Deadline()
		if left = time.Until(deadline); !ok || left > time.Minute {
			t.Errorf("a try may take %v", left)
		}
		if tries++; tries < 200 {
			return errors.New("refused")
		}
		return nil
	}, func(o *sequencer.RelayOptions) {
		o.Took = func(at time.Time) { took <- at }
		o.Alarm = func(string) { alarms = append(alarms, r.now.Sub(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC))) }
	})
	close(begun)
	r.Offer([]byte("x"))
	<-took
	var waits []time.Duration
	for range 199 {
		waits = append(waits, <-r.waits)
	}
	if !slices.IsSorted(waits) || waits[0] != time.Second || waits[1] != 2*time.Second || waits[198] != time.Minute {
		t.Errorf("it waited %v", waits)
	}
	if len(alarms) != 3 || alarms[0] < 15*time.Minute || alarms[0] > 17*time.Minute || alarms[1]-alarms[0] < time.Hour {
		t.Errorf("it rang after %v, want a quarter of an hour, then once an hour", alarms)
	}
}

func TestPost(t *testing.T) {
	signer, _ := newKey(t)
	var got string
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %s\n%s", r.Method, r.URL, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), body)
		w.WriteHeader(status)
	}))
	defer server.Close()
	checkpoint := signed(t, signer, 5)
	p := sequencer.Post{URL: server.URL + "/here", Client: server.Client(), Token: func() (string, error) { return "sesame", nil }}
	if err := p.Send(t.Context(), checkpoint); err != nil {
		t.Fatal(err)
	}
	if want := "POST /here text/plain; charset=utf-8 Bearer sesame\n" + string(checkpoint); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, status = range []int{301, 403, 500} {
		if err := p.Send(t.Context(), checkpoint); err == nil {
			t.Errorf("status %d is taken for a yes", status)
		}
	}
	p.Client = &http.Client{Transport: &http.Transport{}}
	if err := p.Send(t.Context(), checkpoint); err == nil {
		t.Error("a server that nobody vouches for was sent it")
	}
}

type lines struct{ all [][]byte }

func (l *lines) Send(_ context.Context, text ...[]byte) error {
	l.all = append(l.all, text...)
	return nil
}

func TestLine(t *testing.T) {
	signer, verifier := newKey(t)
	sent := &lines{}
	l := sequencer.Line{Verifier: verifier, Source: stream.Source{Host: "guichet.example", Version: "1"}, Sender: sent}
	checkpoint := signed(t, signer, 7)
	if err := l.Send(t.Context(), checkpoint); err != nil {
		t.Fatal(err)
	}
	m, err := rfc5424.NewParser().Parse(sent.all[0])
	if err != nil {
		t.Fatal(err)
	}
	read := m.(*rfc5424.SyslogMessage)
	var says struct{ Checkpoint string }
	if err := json.Unmarshal([]byte(*read.Message), &says); err != nil || says.Checkpoint != string(checkpoint) || *read.MsgID != "checkpoint" || *read.Priority != 85 {
		t.Errorf("the line says %q of priority %d (%v), want %q", says.Checkpoint, *read.Priority, err, checkpoint)
	}
	if err := l.Send(t.Context(), []byte("what nobody signed\n")); err == nil {
		t.Error("it sends what nobody signed")
	}
}

// office is an authority behind HTTPS, and what is to be stamped.
type office struct {
	*stamptest.Authority
	sequencer.Stamps
	signer note.Signer
	answer func(w http.ResponseWriter, r *http.Request, next http.Handler)
	server *httptest.Server
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Authority: stamptest.New(t)}
	o.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.answer == nil {
			o.ServeHTTP(w, r)
			return
		}
		o.answer(w, r, o.Authority)
	}))
	t.Cleanup(o.server.Close)
	var verifier note.Verifier
	o.signer, verifier = newKey(t)
	o.Stamps = sequencer.Stamps{URL: o.server.URL, Client: o.server.Client(), Authorities: o.Pool(), Folder: sequencer.Folder{Path: t.TempDir(), Verifier: verifier}}
	return o
}

func (o *office) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(o.Folder.Path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestStamps: a checkpoint is stamped by a real authority; the stamp lies beside it,
// and a program that is not ours verifies it.
func TestStamps(t *testing.T) {
	o := newOffice(t)
	checkpoint := signed(t, o.signer, 9)
	if err := o.Send(t.Context(), checkpoint); err != nil {
		t.Fatal(err)
	}
	want := []string{"2026-11-30T120009.000001.checkpoint", "2026-11-30T120009.000001.tsr"}
	if got := o.files(t); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	stamped, token := filepath.Join(o.Folder.Path, want[0]), filepath.Join(o.Folder.Path, want[1])
	if kept, err := os.ReadFile(stamped); err != nil || !bytes.Equal(kept, checkpoint) {
		t.Errorf("what is kept is not what was stamped: %v", err)
	}
	if out, err := exec.Command("openssl", "ts", "-verify", "-data", stamped, "-in", token, "-CAfile", o.Root()).CombinedOutput(); err != nil {
		t.Errorf("openssl does not verify it: %v\n%s", err, out)
	}
	// The folder's own files are another's business.
	if err := o.Folder.Publish(t.Context(), signed(t, o.signer, 10)); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(stamped); err != nil || !bytes.Equal(kept, checkpoint) {
		t.Errorf("what was stamped was written over: %v", err)
	}
}

// TestStampsRefused: an answer that is not the authority's, or not to this question,
// is an error, and leaves nothing.
func TestStampsRefused(t *testing.T) {
	o := newOffice(t)
	stranger := stamptest.New(t)
	checkpoint := signed(t, o.signer, 9)
	ask := func(message []byte) []byte {
		t.Helper()
		q, err := stamp.Ask(message)
		if err != nil {
			t.Fatal(err)
		}
		said, err := o.Answer(q.DER)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	other, earlier := ask(signed(t, o.signer, 8)), ask(checkpoint)
	say := func(answer []byte) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = w.Write(answer) }
	}
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, http.Handler){
		"a wrong chain":       func(w http.ResponseWriter, r *http.Request, _ http.Handler) { stranger.ServeHTTP(w, r) },
		"over other bytes":    say(other),
		"of another question": say(earlier),
		"no stamp":            say([]byte("hello")),
		"an error": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		"cut off": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			_, _ = w.Write(earlier[:len(earlier)/2])
			panic(http.ErrAbortHandler)
		},
	} {
		o.answer = answer
		if err := o.Send(t.Context(), checkpoint); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	o.answer = nil
	trusted := o.Authorities
	o.Authorities = x509.NewCertPool()
	if err := o.Send(t.Context(), checkpoint); err == nil {
		t.Error("where nobody is trusted, it was taken")
	}
	o.Authorities = trusted
	if err := o.Send(t.Context(), []byte("what nobody signed\n")); err == nil {
		t.Error("what nobody signed is stamped")
	}
	if left := o.files(t); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	if err := o.Send(t.Context(), checkpoint); err != nil {
		t.Error(err)
	}
}

// TestSlowAndDeadAuthority: one that hangs is given up at the end of the try, one that
// is gone at once; neither leaves anything.
func TestSlowAndDeadAuthority(t *testing.T) {
	o := newOffice(t)
	asked := make(chan struct{})
	o.answer = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // else nobody sees that the other end left
		close(asked)
		<-r.Context().Done()
	}
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Send(ctx, signed(t, o.signer, 9)) }()
	<-asked
	giveUp()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it given up", err)
	}
	o.server.Close()
	if err := o.Send(t.Context(), signed(t, o.signer, 9)); err == nil {
		t.Errorf("a dead authority: %v", err)
	}
	if left := o.files(t); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
