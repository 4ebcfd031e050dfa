package portal

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"guichet/auth"
	"guichet/handlers/sequencer"
	"guichet/store/storetest"
	"guichet/traces"

	"golang.org/x/mod/sumdb/note"
)

// unpublished is where the checkpoints of these tests go.
type unpublished struct{ last []byte }

func (u *unpublished) Publish(_ context.Context, signed []byte) error { u.last = signed; return nil }

func (u *unpublished) Last() ([]byte, error) { return u.last, nil }

// sign gives the site a log that is signed, and returns what gives their places to
// all entries there are.
func (s *site) sign(t *testing.T) func() {
	t.Helper()
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
	s.tracesKey = public
	s.serve(t, s.portal)
	seq := sequencer.New(sequencer.Options{Store: s.Open(t, "guichet_sequencer"), Signer: signer, Verifier: verifier, Publisher: &unpublished{}, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(seq.Close)
	return func() {
		t.Helper()
		for busy := true; busy; {
			var err error
			if busy, err = seq.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestProofOfALine goes the way of a patient who proves a line, and of the stranger
// who has nothing but two files.
func TestProofOfALine(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	sequence := s.sign(t)
	b := s.browser(t)
	b.signIn()
	b.get("/reports")
	list := b.get("/access-log")
	link := regexp.MustCompile(`href="(/access-log/\d+/proof)"`).FindStringSubmatch(list.body)
	if link == nil {
		t.Fatal("no line leads to its proof")
	}
	if got := s.browser(t).get("/legal/checkpoint"); got.status != http.StatusNotFound {
		t.Errorf("the checkpoint of an empty log: got %d", got.status)
	}
	if got := b.get(link[1]); got.status != http.StatusOK || !strings.Contains(got.body, `id="waiting"`) || strings.Contains(got.body, ".tlog-proof") {
		t.Errorf("before it has a place: got %d", got.status)
	}
	if got := b.get(link[1] + ".tlog-proof"); got.status != http.StatusSeeOther || got.header.Get("Location") != link[1] {
		t.Errorf("the file before it has a place: got %d to %q", got.status, got.header.Get("Location"))
	}
	sequence()
	page := b.get(link[1])
	for _, want := range []string{"Preuve vérifiée", "avez ouvert la liste des comptes rendus", `href="` + link[1] + `.tlog-proof"`, `href="/legal/traces.pub"`, `href="/legal/checkpoint"`, "guichet traces verify", "(heure de Paris)"} {
		if page.status != http.StatusOK || !strings.Contains(page.body, want) {
			t.Errorf("got %d without %s", page.status, want)
		}
	}
	file := b.get(link[1] + ".tlog-proof")
	if disposition := file.header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="guichet-\d+\.tlog-proof"$`).MatchString(disposition) {
		t.Errorf("the file is called %q", disposition)
	}

	stranger := s.browser(t)
	key, latest := stranger.get("/legal/traces.pub"), stranger.get("/legal/checkpoint")
	if key.header.Get("Content-Type") != "text/plain; charset=utf-8" || key.body != s.tracesKey+"\n" {
		t.Errorf("the key: got %d %q", key.status, key.body)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(key.body))
	if err != nil {
		t.Fatal(err)
	}
	now, err := traces.OpenCheckpoint([]byte(latest.body), verifier)
	if err != nil {
		t.Fatal("the checkpoint:", err)
	}
	proof, entry, err := traces.ParseProof([]byte(file.body))
	if err != nil {
		t.Fatal(err)
	}
	at, err := proof.Check(entry, verifier)
	if err != nil || at != now {
		t.Errorf("the file: got %+v, %v, want it under %+v", at, err, now)
	}
	said, err := traces.ParseEntry(entry)
	if err != nil || said.Type != traces.ReportList {
		t.Errorf("the entry: got %+v, %v", said, err)
	}
	if n := s.traces(t, "access-log.proof", "granted"); n != 4 {
		t.Errorf("%d entries, want one for each time", n)
	}
}

// TestProofIsRefused: what is not a line of one's own log looks like what is
// missing, and leaves its entry.
func TestProofIsRefused(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	own := s.latest(t, "report.deposit")
	s.deposit(t, other, "2", "13.0")
	theirs := s.latest(t, "report.deposit")
	s.sign(t)()
	b := s.browser(t)
	b.signIn()
	missing := b.get("/access-log/99999999/proof")
	before := s.traces(t, "access-log.proof", "refused")
	for i, path := range []string{theirs, theirs + "x", "0" + own, "+" + own, "x", "-1", "99999999999999999999"} {
		for _, kind := range []string{"/proof", "/proof.tlog-proof"} {
			if got := b.get("/access-log/" + path + kind); got.status != http.StatusNotFound || len(got.body) != len(missing.body) {
				t.Errorf("%s%s: got %d, %d bytes", path, kind, got.status, len(got.body))
			}
		}
		if n := s.traces(t, "access-log.proof", "refused") - before; n != 2*(i+1) {
			t.Fatalf("%s: %d refusals are traced", path, n)
		}
	}
}

// TestUnsignedLogHasNoProof: where there is no key, no line promises a proof.
func TestUnsignedLogHasNoProof(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	b := s.browser(t)
	b.signIn()
	if list := b.get("/access-log"); !strings.Contains(list.body, "data-trace=") || strings.Contains(list.body, "/proof") {
		t.Error("a line promises a proof")
	}
	path := "/access-log/" + s.latest(t, "report.deposit") + "/proof"
	if got := b.get(path); got.status != http.StatusOK || !strings.Contains(got.body, `id="unsigned"`) || strings.Contains(got.body, "/legal/traces.pub") {
		t.Errorf("got %d", got.status)
	}
	if got := b.get(path + ".tlog-proof"); got.status != http.StatusSeeOther {
		t.Errorf("the file: got %d", got.status)
	}
	for _, path := range []string{"/legal/traces.pub", "/legal/checkpoint"} {
		if got := s.browser(t).get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	if _, err := New(Options{TracesKey: "no key"}); err == nil {
		t.Error("what is no key was taken for one")
	}
}

// TestProofTakesFourRoundTrips, in a log of one tile as in one of several.
func TestProofTakesFourRoundTrips(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	path := "/access-log/" + s.latest(t, "report.deposit") + "/proof"
	sequence := s.sign(t)
	m, metered := s.metered(t)
	s.serve(t, metered)
	b := s.browser(t)
	b.signIn()
	sequence()
	b.get(path) // prepares its statements
	for range 2 {
		before := m.count()
		if got := b.get(path); got.status != http.StatusOK || !strings.Contains(got.body, "Preuve vérifiée") {
			t.Fatalf("got %d", got.status)
		}
		if trips := m.count() - before; trips != 4 {
			t.Errorf("got %d round trips, want 4: ask, receive, state of the log, tiles", trips)
		}
		for range 600 {
			if err := s.portal.RefusePage(t.Context(), storetest.Request()); err != nil {
				t.Fatal(err)
			}
		}
		sequence()
	}
}

// TestReportedAccess goes from a line to the answer of the hospital, twice.
func TestReportedAccess(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	s.deposit(t, s.me(), "1", "11.2")
	s.deposit(t, other, "2", "13.0")
	theirs := s.latest(t, "report.deposit")
	b := s.browser(t)
	b.signIn()
	list := b.get("/access-log")
	link := regexp.MustCompile(`href="(/access-log/\d+/report)"`).FindAllStringSubmatch(list.body, -1)
	if len(link) != 1 {
		t.Fatalf("%d lines can be reported, want the deposit alone", len(link))
	}
	path := link[0][1]
	if asked := b.get(path); asked.status != http.StatusOK || !strings.Contains(asked.body, `action="`+path+`"`) || !strings.Contains(asked.body, "Laboratoire") {
		t.Errorf("the question: got %d", asked.status)
	}
	reference := regexp.MustCompile(`id="reference">(\d+)<`)
	first := reference.FindStringSubmatch(b.post(path, url.Values{"why": {"unknown-person"}}, nil).body)
	if first == nil || first[1] != s.latest(t, "access.report") {
		t.Fatalf("no reference, or another: %v", first)
	}
	again := b.post(path, url.Values{"why": {"not-right"}}, nil)
	if second := reference.FindStringSubmatch(again.body); second == nil || second[1] != first[1] || !strings.Contains(again.body, "01 99 00 00 00") {
		t.Errorf("sent again: got %d, %v", again.status, second)
	}
	if n := s.traces(t, "access.report", "granted"); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	for _, entry := range []string{theirs, "x", "0", "999999"} {
		if got := b.post("/access-log/"+entry+"/report", nil, nil); got.status != http.StatusNotFound {
			t.Errorf("%s: got %d", entry, got.status)
		}
	}
	if n := s.traces(t, "access.report", "refused"); n != 4 {
		t.Errorf("%d refusals are traced, want 4", n)
	}
	if got := b.post(path, url.Values{"why": {strings.Repeat("x", 1<<20)}}, nil); got.status != http.StatusNotFound {
		t.Errorf("a long reason: got %d", got.status)
	}
}
