package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	backLimit  = 20 * time.Second        // from a kill to a page with health data, on a busy machine
	between    = 1200 * time.Millisecond // from being back to the next kill, at most
	readEvery  = 3 * time.Millisecond    // of one reader
	retryEvery = 50 * time.Millisecond   // while what is needed is down
	sendEvery  = 25 * time.Millisecond
)

// TestKilledWhileWorking kills Guichet and PostgreSQL in turn while patients
// read and messages come in: what was acknowledged is there once, what was
// handed over was traced, the log of traces verifies after each kill against all
// that was published before, and the demo is back by itself.
func TestKilledWhileWorking(t *testing.T) {
	kills := 4
	if os.Getenv("GUICHET_FULL") != "" {
		kills = 20
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0)) // #nosec G404 -- repeatable
	t.Logf("%d kills, seed %d", kills, seed)

	d := newDemo(t)
	patients := d.people(t, "patient", "guardian")
	before := d.stored(t)
	feed := newSender(t, d, patients)
	readers := make([]*reader, 3)
	for i := range readers {
		readers[i] = newReader(t, d, patients[i], rand.New(rand.NewPCG(seed, uint64(i)+1))) // #nosec G404 -- repeatable
	}
	watch := d.signedIn(t, patients[len(readers)]) // one session each
	watched := watch.get("/reports").reports(t)[0]

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work sync.WaitGroup
	work.Go(func() { feed.run(ctx) })
	for _, r := range readers {
		work.Go(func() { r.run(ctx) })
	}
	kept := &keptCheckpoints{folder: t.TempDir()}
	slowest := time.Duration(0)
	for i := range kills {
		pause(time.Duration(random.Int64N(int64(between))))
		service := []string{"serve", "postgres"}[i%2]
		killed := d.pid(t, service)
		began := time.Now()
		d.kill(t, service)
		d.awaitBack(t, service, killed, watch, watched)
		slowest = max(slowest, time.Since(began))
		kept.keep(t, d)
		d.checkLog(t, kept)
	}
	stop()
	work.Wait()
	d.awaitSequenced(t)
	kept.keep(t, d)
	d.checkLog(t, kept)

	if feed.err != nil {
		t.Error(feed.err)
	}
	for _, r := range readers {
		if r.err != nil {
			t.Error(r.err)
		}
	}
	d.checkMessages(t, feed, before)
	d.checkPages(t, readers)
	d.checkDeposits(t)
	sent, resent := feed.counts()
	t.Logf("%d messages acknowledged, %d of them sent more than once; back after %s at most", sent, resent, slowest.Round(time.Millisecond))
	for _, r := range readers {
		t.Logf("%s: answers by status %v, %d cut off", r.person.Login, r.statuses, r.cut)
	}
}

// awaitBack waits until a killed service has a new process and a signed-in
// patient reads a report again.
func (d *demo) awaitBack(t *testing.T, service string, killed int, c *client, link string) {
	t.Helper()
	deadline := time.Now().Add(backLimit)
	last := "nothing was answered"
	for time.Now().Before(deadline) {
		pause(20 * time.Millisecond)
		if content, err := os.ReadFile(filepath.Join(d.dir, "run", service+".pid")); err != nil || strings.TrimSpace(string(content)) == strconv.Itoa(killed) {
			continue
		}
		status, _, err := fetch(c, link)
		if err == nil && status == http.StatusOK {
			return
		}
		last = fmt.Sprintf("the last answer has status %d, %v", status, err)
	}
	t.Fatalf("%s was killed and is not back after %s: %s\n%s", service, backLimit, last, d.lastWords())
}

// fetch gets a page, whole or not at all.
func fetch(c *client, link string) (status int, body string, err error) {
	resp, err := c.http.Do(c.request(http.MethodGet, link, nil))
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}

// pause waits without regard to the test's end: what is under way is finished.
func pause(d time.Duration) { <-time.After(d) }

// reader is a patient who reads reports one after the other, and counts those
// received whole.
type reader struct {
	person person
	client *client
	links  []string
	random *rand.Rand

	received map[string]int // pages, by link
	statuses map[int]int
	cut      int
	err      error
}

func newReader(t *testing.T, d *demo, p person, random *rand.Rand) *reader {
	t.Helper()
	c := d.signedIn(t, p)
	links := c.get("/reports").reports(t)
	if len(links) == 0 {
		t.Fatalf("%s has no reports", p.Login)
	}
	// One list was read already, whole.
	return &reader{person: p, client: c, links: links, random: random, received: map[string]int{"/reports": 1}, statuses: make(map[int]int)}
}

func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil {
		link := "/reports"
		if r.random.IntN(10) > 0 {
			link = r.links[r.random.IntN(len(r.links))]
		}
		r.read(link)
		pause(readEvery)
	}
}

func (r *reader) read(link string) {
	status, body, err := fetch(r.client, link)
	if err != nil {
		r.cut++
		return
	}
	r.statuses[status]++
	switch status {
	case http.StatusOK:
		if !strings.Contains(body, "</html>") {
			r.err = errors.Join(r.err, fmt.Errorf("%s: half a page was sent as a whole one", link))
		}
		r.received[link]++
	case http.StatusServiceUnavailable: // a dependency is down (contract, Statuses)
		pause(retryEvery)
	default:
		r.err = errors.Join(r.err, fmt.Errorf("%s reads %s: status %d, want 200 or 503", r.person.Login, link, status))
	}
}

// sender is a laboratory's system: one connection, one message at a time, sent
// again where the connection broke before the answer.
type sender struct {
	address  string
	config   *tls.Config
	patients []person

	conn     net.Conn
	fresh    bool   // the connection has carried nothing yet
	last     []byte // message accepted
	messages []sentMessage
	err      error
}

type sentMessage struct {
	login, value string
	times        int
}

func newSender(t *testing.T, d *demo, patients []person) *sender {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(d.Ready.Feed.Cert, d.Ready.Feed.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &sender{address: d.Ready.MLLP, patients: patients,
		config: &tls.Config{RootCAs: d.authority(t), Certificates: []tls.Certificate{certificate}, ServerName: "localhost"}}
}

func (s *sender) run(ctx context.Context) {
	defer func() {
		if s.conn != nil {
			_ = s.conn.Close()
		}
	}()
	for n := 1; ctx.Err() == nil && s.err == nil; n++ {
		p := s.patients[n%len(s.patients)]
		m := sentMessage{login: p.Login, value: strconv.Itoa(4_000_000_000 + n)}
		s.err = s.deliver(&m, singleResult(p, fmt.Sprintf("KILL%d", n), m.value).bytes())
		s.messages = append(s.messages, m)
		pause(sendEvery)
	}
}

// deliver sends a message until it is accepted.
func (s *sender) deliver(m *sentMessage, raw []byte) error {
	deadline := time.Now().Add(2 * backLimit)
	var last error
	for time.Now().Before(deadline) {
		if s.conn == nil {
			dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: s.config}
			if s.conn, last = dialer.Dial("tcp", s.address); last != nil {
				s.conn = nil
				pause(retryEvery)
				continue
			}
			s.fresh = true
		}
		// A sender that missed an answer sends again what has been stored: here,
		// the last message, on each new connection.
		for _, message := range s.due(raw) {
			answer, err := transmit(s.conn, message)
			if err == nil && answer.code != "AA" {
				return fmt.Errorf("message refused: %s", answer.raw)
			}
			if last = err; err != nil {
				_ = s.conn.Close()
				s.conn = nil
				break
			}
		}
		m.times++
		if last == nil {
			s.last = raw
			return nil
		}
	}
	return fmt.Errorf("message not accepted in time: %w", last)
}

// due is what to send on the connection now, the new message last.
func (s *sender) due(raw []byte) [][]byte {
	again := s.fresh && s.last != nil
	s.fresh = false
	if again {
		return [][]byte{s.last, raw}
	}
	return [][]byte{raw}
}

func (s *sender) counts() (sent, resent int) {
	for _, m := range s.messages {
		sent++
		if m.times > 1 {
			resent++
		}
	}
	return sent, resent
}

// singleResult is a message about p that holds one numeric result.
func singleResult(p person, control, value string) message {
	return parse([]byte(fmt.Sprintf("MSH|^~\\&|ESSAI|LABO|GUICHET|HOP|20261120101500+0100||ORU^R01^ORU_R01|%[1]s|P|2.5|||||FRA|UNICODE UTF-8\r"+
		"PID|1\rORC|RE|D%[1]s^HOP|B%[1]s^LABO\r"+
		"OBR|1|D%[1]s^HOP|B%[1]s^LABO|58410-2^Hémogramme^LN|||20261120081500+0100|||||||||||||||20261120101500+0100|||F\r"+
		"OBX|1|NM|%[3]s^Plaquettes^LN||%[2]s|G/L|150 - 400|N|||F|||20261120081500+0100\r", control, value, countedCode))).about(p)
}

// countedCode is of no analysis in the sample, so that its values are ours.
const countedCode = "26515-7"

// stored is how much there is of what a message leaves.
type stored struct{ messages, deposits, reports int }

func (d *demo) stored(t *testing.T) stored {
	t.Helper()
	return stored{
		messages: d.count(t, "SELECT count(*) FROM guichet.message"),
		deposits: d.traces(t, "report.deposit", "granted"),
		reports:  d.count(t, "SELECT count(DISTINCT id) FROM guichet.report"),
	}
}

// checkMessages finds every acknowledged message once, in the database and on
// its patient's pages.
func (d *demo) checkMessages(t *testing.T, s *sender, before stored) {
	t.Helper()
	n := len(s.messages)
	if n == 0 {
		t.Fatal("no message was sent")
	}
	want := stored{before.messages + n, before.deposits + n, before.reports + n}
	if after := d.stored(t); after != want {
		t.Errorf("stored %+v, want %+v: %d messages were acknowledged", after, want, n)
	}
	expected, shown := make(map[string][]string), make(map[string][]string)
	for _, m := range s.messages {
		expected[m.login] = append(expected[m.login], m.value)
	}
	for _, p := range s.patients {
		c := d.signedIn(t, p)
		for _, link := range c.get("/reports").reports(t) {
			shown[p.Login] = append(shown[p.Login], c.get(link).values(t, countedCode)...)
		}
	}
	for login, values := range expected {
		slices.Sort(values)
		slices.Sort(shown[login])
		if !slices.Equal(values, shown[login]) {
			t.Errorf("%s: pages show %d of the %d acknowledged messages, or one twice", login, len(shown[login]), len(values))
		}
	}
}

// values are the results of an analysis on a page, as sent.
func (p *page) values(t *testing.T, code string) []string {
	t.Helper()
	var found []string
	for _, row := range p.root(t).all(tag("tr"), with("data-code", code)) {
		found = append(found, row.one(t, class("value")).one(t, tag("data")).attribute("value"))
	}
	return found
}

// checkPages finds at least as many granted entries as pages were received
// whole: those naming a report, and those of a patient's lists.
func (d *demo) checkPages(t *testing.T, readers []*reader) {
	t.Helper()
	pages := 0
	for _, r := range readers {
		if len(r.received) < 2 {
			t.Errorf("%s read nothing", r.person.Login)
		}
		for _, link := range slices.Sorted(maps.Keys(r.received)) {
			statement := "SELECT count(*) FROM guichet.trace WHERE type = 'report.read' AND outcome = 'granted' AND kinds[array_position(records, '" + path.Base(link) + "')] = 'report'"
			if link == "/reports" {
				statement = "SELECT count(*) FROM guichet.trace WHERE type = 'report.list' AND outcome = 'granted' AND patient = (SELECT DISTINCT patient FROM guichet.report WHERE id = '" + path.Base(r.links[0]) + "')"
			}
			if traced := d.count(t, statement); traced < r.received[link] {
				t.Errorf("%s was received %d times and traced %d times", link, r.received[link], traced)
			}
			pages += r.received[link]
		}
	}
	t.Logf("%d pages received whole, all traced", pages)
}

// checkDeposits finds no deposit half stored: what an entry names exists, and
// what exists is named.
func (d *demo) checkDeposits(t *testing.T) {
	t.Helper()
	for _, table := range []string{"report", "panel", "observation", "document", "message"} {
		named := "SELECT n.id, n.version FROM guichet.trace t, unnest(t.kinds, t.records, t.versions) AS n (kind, id, version) WHERE t.type = 'report.deposit' AND t.outcome = 'granted' AND n.kind = '" + table + "'"
		rows := "SELECT id, version FROM guichet." + table
		for what, statement := range map[string]string{
			"named in a deposit and not stored": "(" + named + ") EXCEPT (" + rows + ")",
			"stored and not named in a deposit": "(" + rows + ") EXCEPT (" + named + ")",
		} {
			if n := d.count(t, "SELECT count(*) FROM ("+statement+") x"); n != 0 {
				t.Errorf("%s: %d rows are %s", table, n, what)
			}
		}
	}
}
