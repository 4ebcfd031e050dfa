package courier_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/handlers/courier"
	"guichet/handlers/sequencer"
	"guichet/store"
	"guichet/store/storetest"
	"guichet/traces/stream"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) {
	if orders := os.Getenv("COURIER_TEST_CHILD"); orders != "" {
		fmt.Fprintln(os.Stderr, "child:", runChild(orders))
		os.Exit(1)
	}
	os.Exit(storetest.Main(m))
}

// orders are what a process that is killed has to do.
type orders struct {
	URL, Password, CA, Certificate, Key string
	Addresses                           map[stream.Format]string
}

var source = stream.Source{Host: "guichet.example", Version: "test"}

// runChild sends to each receiver until it is killed.
func runChild(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "courier")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	master, ring := filepath.Join(folder, "master"), filepath.Join(folder, "ring")
	if err := envelope.Init(master, ring); err != nil {
		return err
	}
	keys, err := envelope.OpenFiles(master, ring)
	if err != nil {
		return err
	}
	db, err := store.Open(context.Background(), store.Options{URL: o.URL, Password: o.Password, Connections: 8, Keys: keys})
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(o.CA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	pair, err := tls.LoadX509KeyPair(o.Certificate, o.Key)
	if err != nil {
		return err
	}
	_ = os.RemoveAll(folder) // nobody will, later
	var group errgroup.Group
	for format, address := range o.Addresses {
		sender, err := stream.NewSender(stream.SenderOptions{Address: address, Attempts: 1,
			TLS: &tls.Config{RootCAs: pool, ServerName: "localhost", Certificates: []tls.Certificate{pair}}})
		if err != nil {
			return err
		}
		c := courier.New(courier.Options{Store: db, Name: nameOf(format), Log: slog.New(slog.DiscardHandler), Pause: 10 * time.Millisecond, Page: 20,
			Receiver: courier.Lines{Format: format, Source: source, Sender: sender}})
		group.Go(func() error { return c.Serve(context.Background()) })
	}
	return group.Wait()
}

func nameOf(f stream.Format) string {
	return map[stream.Format]string{stream.FormatFHIR: "fhir", stream.FormatDICOM: "dicom", stream.FormatCEF: "cef"}[f]
}

type memory struct{ last []byte }

func (m *memory) Publish(_ context.Context, signed []byte) error {
	m.last = signed
	return nil
}

func (m *memory) Last() ([]byte, error) { return m.last, nil }

// house is a database with its sequencer and a receiver called siem.
type house struct {
	*storetest.Database
	admin     *sql.DB
	portal    *store.Store
	db        *store.Store // of the courier
	sequencer *sequencer.Sequencer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	d := storetest.New(t)
	h := &house{Database: d, admin: d.Superuser(t), portal: d.Open(t, "guichet_portal"), db: d.Open(t, "guichet_sequencer")}
	private, public, err := note.GenerateKey(rand.Reader, "guichet.example/traces")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	h.sequencer = sequencer.New(sequencer.Options{Store: h.db, Signer: signer, Verifier: verifier, Publisher: &memory{}, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(h.sequencer.Close)
	if err := h.db.KeepStreams(t.Context(), []string{"siem"}); err != nil {
		t.Fatal(err)
	}
	return h
}

// leave leaves entries, and gives them their places.
func (h *house) leave(t *testing.T, n int) {
	t.Helper()
	h.exec(t, `SELECT guichet.refuse_page(sha256('nobody'), '{192.0.2.1}', gen_random_uuid()) FROM generate_series(1, $1)`, n)
	h.step(t)
}

func (h *house) step(t *testing.T) {
	t.Helper()
	for {
		more, err := h.sequencer.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func (h *house) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := h.admin.Exec(query, args...); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
}

// roll leaves and takes back an entry: a gap.
func (h *house) roll(t *testing.T) {
	t.Helper()
	tx, err := h.SQL(t, "guichet_portal").Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`SELECT guichet.refuse_page($1, '{192.0.2.1}', gen_random_uuid())`, make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func (h *house) number(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	if err := h.admin.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// entries are what the database says that a receiver must have been told.
func (h *house) entries(t *testing.T) (all []told) {
	t.Helper()
	rows, err := h.admin.Query(`SELECT id, (extract(epoch FROM at) * 1000000)::bigint, type, CASE outcome WHEN 'granted' THEN '0' WHEN 'refused' THEN '4' ELSE '8' END, request::text FROM guichet.trace ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var e told
		if err := rows.Scan(&e.ID, &e.At, &e.Type, &e.Outcome, &e.Request); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// place is how far the receiver has come.
func (h *house) place(t *testing.T) int64 {
	t.Helper()
	return h.number(t, `SELECT place FROM guichet.log_stream WHERE name = 'siem'`)
}

// shelf is a receiver that keeps what it is sent.
type shelf struct {
	ids  []int64
	fail error
}

func (s *shelf) Take(_ context.Context, entries []courier.Entry) error {
	for _, e := range entries {
		s.ids = append(s.ids, e.ID)
	}
	return s.fail
}

func (h *house) courier(r courier.Receiver, change func(*courier.Options)) *courier.Courier {
	o := courier.Options{Store: h.db, Name: "siem", Receiver: r, Log: slog.New(slog.DiscardHandler), Page: 50}
	if change != nil {
		change(&o)
	}
	return courier.New(o)
}

// send sends all that waits.
func send(t *testing.T, c *courier.Courier) {
	t.Helper()
	for {
		more, err := c.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// TestThreeReceivers: receivers of the three formats are told the same entries, all
// of them and in their order, though the process that sends is killed at any moment,
// again and again, and a receiver is away for a while.
func TestThreeReceivers(t *testing.T) {
	h := newHouse(t)
	authority := storetest.NewAuthority(t)
	authority.Issue(t, "guichet")
	receivers := make(map[stream.Format]*siem)
	o := orders{URL: h.URL("guichet_sequencer"), Password: h.Password("guichet_sequencer"), CA: authority.Path("ca.pem"), Certificate: authority.Path("guichet.pem"),
		Key: authority.Path("guichet.key"), Addresses: make(map[stream.Format]string)}
	var names []string
	for _, f := range stream.Formats {
		receivers[f] = newSIEM(t, authority, f)
		o.Addresses[f] = receivers[f].address
		names = append(names, nameOf(f))
	}
	if err := h.db.KeepStreams(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	seed := mathrand.Uint64()
	t.Logf("seed %d", seed)
	r := mathrand.New(mathrand.NewPCG(seed, 0))

	receivers[stream.FormatDICOM].leave()
	for round := range 5 {
		h.leave(t, 150)
		h.roll(t)
		h.leave(t, 50)
		child := startChild(t, text)
		more := r.IntN(150) // from here on, whatever it is doing
		before, _ := receivers[stream.FormatCEF].seen(t)
		receivers[stream.FormatCEF].await(t, func(got []told) bool { return len(got) >= len(before)+more })
		child.end(t)
		if round == 2 {
			receivers[stream.FormatDICOM].come(t)
		}
	}
	h.step(t) // what was left by reading, too
	h.leave(t, 10)
	last := h.number(t, `SELECT max(id) FROM guichet.trace WHERE type = 'page.refused'`)
	child := startChild(t, text)
	for _, receiver := range receivers {
		receiver.await(t, func(got []told) bool { return len(got) > 0 && got[len(got)-1].ID >= last })
	}
	child.end(t)

	want := upTo(h.entries(t), last)
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE role = 'courier' AND id < $1`, last); len(want) < 1010 || n < 6 {
		t.Fatalf("only %d entries, %d of them of couriers: this proves nothing", len(want), n)
	}
	for f, receiver := range receivers {
		got, again := receiver.seen(t)
		t.Logf("%s: %d entries, %d came again", f, len(got), again)
		if got = upTo(got, last); !slices.Equal(got, want) {
			t.Errorf("%s: %d entries came, want %d, the same in the same order", f, len(got), len(want))
		}
	}
}

type child struct{ *exec.Cmd }

func startChild(t *testing.T, text []byte) child {
	t.Helper()
	c := child{exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), "COURIER_TEST_CHILD="+string(text))
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c
}

// end kills it (SIGKILL).
func (c child) end(t *testing.T) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal("it was gone already:", err)
	}
	_ = c.Wait()
}

// TestOwnReadsWait: what a courier leaves by reading is not sent by itself, else it
// would read for ever; it goes with what comes next.
func TestOwnReadsWait(t *testing.T) {
	h := newHouse(t)
	s := &shelf{}
	c := h.courier(s, nil)
	h.leave(t, 120)
	send(t, c)
	h.step(t)
	entries, sent := h.number(t, `SELECT count(*) FROM guichet.trace`), len(s.ids)
	for range 3 {
		send(t, c)
		h.step(t)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace`); n != entries || len(s.ids) != sent {
		t.Errorf("%d more entries, %d more sent: it feeds itself", n-entries, len(s.ids)-sent)
	}
	h.leave(t, 1)
	send(t, c)
	all := h.entries(t)
	if want := upTo(all, h.number(t, `SELECT entry FROM guichet.log_state`)); len(s.ids) != len(want) {
		t.Errorf("%d entries were sent, want all %d", len(s.ids), len(want))
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'trace.range' AND role = 'courier' AND outcome = 'granted' AND cardinality(entries) = 2`); n < 3 {
		t.Errorf("%d entries say that pages were read", n)
	}
}

// TestNotTaken: what the receiver did not take is sent again, and in its order.
func TestNotTaken(t *testing.T) {
	h := newHouse(t)
	s := &shelf{fail: errors.New("full")}
	c := h.courier(s, nil)
	h.leave(t, 10)
	if _, err := c.Step(t.Context()); err == nil || h.place(t) != 0 {
		t.Fatalf("it went on (%v)", err)
	}
	if n := h.number(t, `SELECT size FROM guichet.log_state`); n != int64(len(s.ids)) {
		t.Errorf("%d entries were tried, want %d", len(s.ids), n)
	}
	first := s.ids
	s.ids, s.fail = nil, nil
	send(t, c)
	if len(s.ids) < len(first) || !slices.Equal(s.ids[:len(first)], first) || h.place(t) != int64(len(s.ids)) {
		t.Errorf("sent %v, then %v", first, s.ids)
	}
}

// TestHangingReceiver: while a receiver hangs, people are answered, entries get
// their places, the database holds nothing for it, it is measured, and rings.
func TestHangingReceiver(t *testing.T) {
	h := newHouse(t)
	var behind atomic.Int64
	entered, release := make(chan struct{}), make(chan struct{})
	c := h.courier(receiverFunc(func(context.Context, []courier.Entry) error {
		close(entered)
		<-release
		return errors.New("gave up")
	}), func(o *courier.Options) { o.Measure = func(n, _ int64) { behind.Store(n) } })
	h.leave(t, 60)
	done := make(chan error, 1)
	go func() {
		_, err := c.Step(t.Context())
		done <- err
	}()
	<-entered
	defer func() { close(release); <-done }()

	if n := h.number(t, `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'guichet_sequencer' AND a.datname = current_database() AND l.locktype <> 'advisory'`); n != 0 {
		t.Errorf("%d locks are held while the receiver hangs", n)
	}
	if n := h.number(t, `SELECT count(*) FROM pg_stat_activity WHERE usename = 'guichet_sequencer' AND datname = current_database() AND (xact_start IS NOT NULL OR state <> 'idle')`); n != 0 {
		t.Errorf("%d connections are at work while the receiver hangs", n)
	}
	before := h.number(t, `SELECT size FROM guichet.log_state`)
	if err := h.portal.RefusePage(t.Context(), storetest.Request()); err != nil { // a user asks, and is answered
		t.Error(err)
	}
	h.leave(t, 5)
	if n := h.number(t, `SELECT size FROM guichet.log_state`); n < before+6 {
		t.Errorf("the log went from %d to %d: it waits for the receiver", before, n)
	}
	if n := behind.Load(); n < 60 {
		t.Errorf("%d entries are said to wait, want 60 and more", n)
	}

	ring := func() int64 {
		t.Helper()
		if err := h.portal.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h.number(t, `SELECT count(*) FROM guichet.alert WHERE kind = 'stream-behind'`)
	}
	h.exec(t, `UPDATE guichet.log_stream SET moved = moved - interval '16 minutes'`)
	if n := ring(); n != 0 {
		t.Errorf("%d alerts, though no entry has waited for long", n)
	}
	h.exec(t, `UPDATE guichet.trace SET at = at - interval '16 minutes'`)
	if n := ring(); n != 1 {
		t.Errorf("%d alerts, want 1", n)
	}
	if n := ring(); n != 1 {
		t.Errorf("%d alerts, want 1 an hour", n)
	}
	h.exec(t, `TRUNCATE guichet.alert`)
	if err := h.db.KeepStreams(t.Context(), []string{"another"}); err != nil {
		t.Fatal(err)
	}
	h.exec(t, `UPDATE guichet.log_stream SET moved = moved - interval '16 minutes' WHERE name = 'siem'`)
	if n := ring(); n != 0 {
		t.Error("a receiver that is not in the configuration any more rings")
	}
	if place := h.place(t); place != 0 {
		t.Errorf("what it has taken was forgotten: %d", place)
	}
}

type receiverFunc func(context.Context, []courier.Entry) error

func (f receiverFunc) Take(ctx context.Context, entries []courier.Entry) error {
	return f(ctx, entries)
}

// TestPurgedEntries are left out, and counted.
func TestPurgedEntries(t *testing.T) {
	h := newHouse(t)
	today := time.Now().UTC().Truncate(time.Second)
	h.SetClock(t, today.AddDate(-2, 0, 0))
	h.leave(t, 600)
	h.SetClock(t, today)
	h.leave(t, 300)
	officer, as := h.Open(t, "guichet_officer"), storetest.Request()
	if err := officer.OpenOfficer(t.Context(), as, "dumas", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	gone, err := officer.PurgeTraces(t.Context(), as, h.number(t, `SELECT size FROM guichet.log_state`))
	if err != nil || gone < 590 {
		t.Fatal(gone, err)
	}
	h.leave(t, 1)
	s, purged := &shelf{}, int64(0)
	send(t, h.courier(s, func(o *courier.Options) { o.Measure = func(_, n int64) { purged += n } }))
	if size := h.number(t, `SELECT size FROM guichet.log_state`); purged != gone || int64(len(s.ids)) < 300 || h.place(t) > size || h.place(t) != purged+int64(len(s.ids)) {
		t.Errorf("%d sent, %d left out as purged, want %d: at place %d of %d", len(s.ids), purged, gone, h.place(t), size)
	}
}

// TestAltered: what is not what the log has the hash of is not sent, and nothing
// behind it: it does not pass for purged.
func TestAltered(t *testing.T) {
	for name, query := range map[string]string{
		"taken away":         `DELETE FROM guichet.trace WHERE id = 5`,
		"all taken away":     `DELETE FROM guichet.trace WHERE id BETWEEN 1 AND 50`,
		"other bytes":        `UPDATE guichet.trace SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'refused', 'granted'), 'UTF8') WHERE id = 5`,
		"another's bytes":    `UPDATE guichet.trace SET bytes = (SELECT bytes FROM guichet.trace WHERE id = 6) WHERE id = 5`,
		"another's context":  `UPDATE guichet.trace SET context = (SELECT context FROM guichet.trace WHERE id = 6) WHERE id = 5`,
		"a hash of the tree": `UPDATE guichet.log_tile SET hashes = set_byte(hashes, 130, 255 - get_byte(hashes, 130)) WHERE level = 0`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.leave(t, 60)
			h.exec(t, query)
			s := &shelf{}
			if _, err := h.courier(s, nil).Step(t.Context()); fault.KindOf(err) != fault.Tampered {
				t.Errorf("got %v, want it to say that something was altered", err)
			}
			if len(s.ids) > 0 || h.place(t) != 0 {
				t.Errorf("%d were sent all the same", len(s.ids))
			}
		})
	}
}

// TestForwardOnly: how far a receiver has come is moved from where it stands, by one
// process, and not beyond the log.
func TestForwardOnly(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 20)
	if err := h.db.AdvanceStream(t.Context(), "siem", 0, 10); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		first, past int64
	}{{"siem", 0, 10}, {"siem", 0, 12}, {"siem", 10, 9}, {"siem", 10, 10}, {"siem", 10, 1000}, {"siem", 11, 12}, {"nobody", 0, 1}} {
		if err := h.db.AdvanceStream(t.Context(), c.name, c.first, c.past); err == nil {
			t.Errorf("%s went from %d to %d", c.name, c.first, c.past)
		}
	}
	if place := h.place(t); place != 10 {
		t.Errorf("it stands at %d, want 10", place)
	}
	if err := h.db.KeepStreams(t.Context(), []string{"siem"}); err != nil || h.place(t) != 10 {
		t.Error("it begins anew", err)
	}
	for _, names := range [][]string{{""}, {"Not a name"}, {"siem", "x'y"}} {
		if err := h.db.KeepStreams(t.Context(), names); err == nil {
			t.Errorf("%q are names", names)
		}
	}
}

// TestTwoProcesses: of two that send to one receiver, one moves it on.
func TestTwoProcesses(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 30)
	other := h.courier(&shelf{}, nil)
	c := h.courier(receiverFunc(func(ctx context.Context, _ []courier.Entry) error {
		_, err := other.Step(ctx)
		return err
	}), nil)
	if _, err := c.Step(t.Context()); !errors.Is(err, store.ErrMoved) {
		t.Errorf("got %v, want it to say that another was first", err)
	}
	leads := false
	s := &shelf{}
	idle := h.courier(s, func(o *courier.Options) { o.Leads = func() bool { return leads } })
	h.leave(t, 5)
	send(t, idle)
	if len(s.ids) != 0 {
		t.Error("one that does not lead sends")
	}
	leads = true
	send(t, idle)
	if len(s.ids) == 0 {
		t.Error("one that leads does not send")
	}
}

// TestSessionOver: a courier whose session was ended opens another.
func TestSessionOver(t *testing.T) {
	h := newHouse(t)
	s := &shelf{}
	c := h.courier(s, nil)
	h.leave(t, 3)
	send(t, c)
	h.exec(t, `UPDATE guichet.session SET expires = opened + interval '1 microsecond' WHERE account IN (SELECT id FROM guichet.account WHERE role = 'courier')`)
	h.leave(t, 3)
	sent := len(s.ids)
	send(t, c)
	if len(s.ids) == sent || h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'courier.open'`) != 2 {
		t.Errorf("%d were sent", len(s.ids)-sent)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := c.Serve(ctx); err != nil {
		t.Fatal(err)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'courier.close'`); n == 0 {
		t.Error("the end of its session left no entry")
	}
}

// TestCourierMayNothingElse: its session reads the log in its order, and nothing
// beside; and no other session of the same login does.
func TestCourierMayNothingElse(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 3)
	carries, watches := storetest.Request(), storetest.Request()
	if err := h.db.OpenCourier(t.Context(), carries, "siem", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := h.db.OpenWitness(t.Context(), watches, store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.ReadStream(t.Context(), carries, 0, 3); err != nil {
		t.Error(err)
	}
	for who, req := range map[string]store.Request{"the witness": watches, "nobody": storetest.Request()} {
		if leaves, err := h.db.ReadStream(t.Context(), req, 0, 3); err == nil || len(leaves) > 0 {
			t.Errorf("%s reads the log", who)
		}
	}
	// The verdict itself, for each action; the session is lent to the superuser, who
	// alone may ask for it by itself.
	h.exec(t, `UPDATE guichet.session SET listener = 'postgres' WHERE token = sha256($1)`, carries.Token)
	for _, action := range []string{"read", "account", "deposit", "quarantine", "setting", "people", "evidence", "traces", "range", "", "other"} {
		for _, subject := range []any{nil, "0199a1b2-c3d4-7000-8000-000000000002"} {
			granted := h.number(t, `SELECT count(*) FROM guichet.decide($1, $2, $3) WHERE outcome = 'granted'`, carries.Token, action, subject) == 1
			if want := action == "range" && subject == nil; granted != want {
				t.Errorf("%q about %v: granted %v, want %v", action, subject, granted, want)
			}
		}
	}
	for _, login := range []string{"guichet_portal", "guichet_console", "guichet_officer", "guichet_intake"} {
		if err := h.Open(t, login).OpenCourier(t.Context(), storetest.Request(), "siem", store.Limits{Lifetime: time.Hour}); err == nil {
			t.Errorf("%s opens a courier's session", login)
		}
	}
}

// TestBundles: a FHIR server is sent AuditEvents in a batch, and has taken them when
// it says so of each.
func TestBundles(t *testing.T) {
	h := newHouse(t)
	var ids []string
	var status func(i int) string
	kind, code := "batch-response", http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var b struct {
			ResourceType, Type string
			Entry              []struct {
				Resource struct{ ResourceType, ID string }
				Request  struct{ Method, URL string }
			}
		}
		if err := json.Unmarshal(body, &b); err != nil || b.ResourceType != "Bundle" || b.Type != "batch" || r.Method != http.MethodPost || r.URL.Path != "/fhir" ||
			r.Header.Get("Content-Type") != "application/fhir+json" || r.Header.Get("Authorization") != "Bearer sesame" {
			t.Errorf("got %s %s %v: %.200s (%v)", r.Method, r.URL, r.Header, body, err)
		}
		var answer bytes.Buffer
		for i, e := range b.Entry {
			if e.Resource.ResourceType != "AuditEvent" || e.Request.Method != "POST" || e.Request.URL != "AuditEvent" {
				t.Errorf("entry %d is %+v", i, e)
			}
			ids = append(ids, e.Resource.ID)
			if i > 0 {
				answer.WriteByte(',')
			}
			fmt.Fprintf(&answer, `{"response":{"status":%q}}`, status(i))
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"resourceType":"Bundle","type":%q,"entry":[%s]}`, kind, &answer)
	}))
	defer server.Close()
	c := h.courier(courier.Bundles{URL: server.URL + "/fhir", Client: server.Client(), Token: func() (string, error) { return "sesame", nil }, Source: source}, nil)
	h.leave(t, 10)
	size := h.number(t, `SELECT size FROM guichet.log_state`)

	created := func(int) string { return "201 Created" }
	for name, set := range map[string]func(){
		"one is refused":   func() { status = func(i int) string { return []string{"201 Created", "422 Unprocessable"}[i%2] } },
		"another status":   func() { code = http.StatusAccepted },
		"another resource": func() { kind = "searchset" },
	} {
		status, kind, code = created, "batch-response", http.StatusOK
		set()
		if _, err := c.Step(t.Context()); err == nil || h.place(t) != 0 {
			t.Errorf("%s: it went on (%v)", name, err)
		}
	}
	status, kind, code, ids = created, "batch-response", http.StatusOK, nil
	if _, err := c.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if int64(len(ids)) != size || h.place(t) != size || strings.Join(ids, " ") != joined(h.entries(t)[:size]) {
		t.Errorf("%d AuditEvents, want %d: %v", len(ids), size, ids)
	}
}

func joined(all []told) string {
	var ids []string
	for _, e := range all {
		ids = append(ids, fmt.Sprint(e.ID))
	}
	return strings.Join(ids, " ")
}
