package store_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"guichet/fault"
	"guichet/handlers/sequencer"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
	"guichet/traces"

	"golang.org/x/mod/sumdb/note"
)

// unpublished is where the checkpoints of these tests go.
type unpublished struct{ last []byte }

func (u *unpublished) Publish(_ context.Context, signed []byte) error { u.last = signed; return nil }

func (u *unpublished) Last() ([]byte, error) { return u.last, nil }

// newLog returns the key of a log, and what gives its places to all entries there
// are.
func newLog(t *testing.T, d *storetest.Database) (note.Verifier, func()) {
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
	s := sequencer.New(sequencer.Options{Store: d.Open(t, "guichet_sequencer"), Signer: signer, Verifier: verifier, Publisher: &unpublished{}, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(s.Close)
	return verifier, func() {
		t.Helper()
		for busy := true; busy; {
			var err error
			if busy, err = s.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// line returns the latest entry of an event about a patient's own record.
func line(t *testing.T, w *world, req store.Request, event string) record.Access {
	t.Helper()
	log, err := w.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range log.Accesses {
		if a.Event == event {
			return a
		}
	}
	t.Fatalf("the log has no %s", event)
	return record.Access{}
}

func TestReadProof(t *testing.T) {
	w := newWorld(t)
	verifier, sequence := newLog(t, w.Database)
	deposited := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
	req := w.signIn(t, camille, "sub-camille")
	if _, err := w.portal.ReadReport(t.Context(), req, deposited.Reports[0].ID); err != nil {
		t.Fatal(err)
	}
	read := line(t, w, req, "report.read")

	got, err := w.portal.ReadProof(t.Context(), req, read.Entry, verifier)
	if err != nil || !got.Waiting || got.Proof != nil {
		t.Fatalf("before it has a place: got %+v, %v, want it waiting", got, err)
	}
	sequence()
	if got, err = w.portal.ReadProof(t.Context(), req, read.Entry, verifier); err != nil || got.Waiting {
		t.Fatal("with a place:", err)
	}
	if got.Name != "Camille Moreau" || got.Access.About == nil || got.Access.About.Number != "O1" || got.Access.Purpose != "own-record" || got.Access.Entry != read.Entry {
		t.Errorf("the line: got %+v", got.Access)
	}
	said, err := traces.ParseEntry(got.Entry)
	if err != nil || said.ID != read.Entry || said.Type != traces.ReportRead {
		t.Errorf("the entry: got %+v, %v", said, err)
	}

	// A stranger has the file and the key.
	proof, entry, err := traces.ParseProof(got.Proof.File(got.Entry))
	if err != nil {
		t.Fatal(err)
	}
	at, err := proof.Check(entry, verifier)
	if err != nil || at != got.At || at.Size == 0 {
		t.Errorf("the file: got %+v, %v", at, err)
	}
	if _, err := proof.Check(append(entry, '\n'), verifier); err == nil {
		t.Error("another entry is proved by the same file")
	}

	unsigned, err := w.portal.ReadProof(t.Context(), req, read.Entry, nil)
	if err != nil || unsigned.Proof != nil || unsigned.Waiting || len(unsigned.Entry) == 0 {
		t.Errorf("without a key: got %+v, %v", unsigned, err)
	}
}

// TestProofIsOfOnesOwnLine: what is not in one's own log is not proved to one, and
// that it was asked for stays.
func TestProofIsOfOnesOwnLine(t *testing.T) {
	w := newWorld(t)
	verifier, sequence := newLog(t, w.Database)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
	w.deposit(t, bloodCount(lea, "200", "C2", "O2", "13.0", time.Now()))
	req, other := w.signIn(t, camille, "sub-camille"), w.signIn(t, lea, "sub-lea")
	if _, err := w.portal.ReadHome(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := w.portal.ReadAccount(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	theirs := line(t, w, other, "home.read").Entry
	sequence()
	admin := w.Superuser(t)
	physician := storetest.Request()
	if _, err := w.portal.SignIn(t.Context(), physician, evidenced(store.Identified{Provider: "psc", Issuer: "https://psc.example", Subject: "899700100164", State: "s",
		Role: record.RolePhysician})); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		as     store.Request
		entry  int64
		kind   fault.Kind
		reason string
	}{
		{"another's line", req, theirs, fault.NotFound, "absent"},
		{"an entry about the record that is no line", req, int64(w.count(t, `SELECT max(id) FROM guichet.trace WHERE type = 'account.read' AND patient IS NOT NULL`)), fault.NotFound, "absent"},
		{"an entry that does not exist", req, 1 << 40, fault.NotFound, "absent"},
		{"nothing", req, 0, fault.NotFound, "absent"},
		{"less than nothing", req, -1, fault.NotFound, "absent"},
		{"a line, to one who has no record", physician, theirs, fault.NotFound, "absent"},
		{"a line, to nobody", storetest.Request(), theirs, fault.NotFound, "no-session"},
	} {
		before := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'access-log.proof'`)
		if got, err := w.portal.ReadProof(t.Context(), c.as, c.entry, verifier); fault.KindOf(err) != c.kind || got != nil {
			t.Errorf("%s: got %v, %v", c.name, got, err)
		}
		var outcome, reason string
		var named int
		if err := admin.QueryRow(`SELECT outcome, reason, cardinality(kinds) + cardinality(entries) FROM guichet.trace WHERE type = 'access-log.proof' ORDER BY id DESC LIMIT 1`).Scan(&outcome, &reason, &named); err != nil {
			t.Fatal(err)
		}
		if after := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'access-log.proof'`); after != before+1 || outcome != "refused" || reason != c.reason || named != 0 {
			t.Errorf("%s: left %d entries, %s for %s, naming %d", c.name, after-before, outcome, reason, named)
		}
	}
}

// TestProofOfAnAlteredLog: a log that does not hold the line as it is proves
// nothing, and says so.
func TestProofOfAnAlteredLog(t *testing.T) {
	for name, alter := range map[string]string{
		"an entry's bytes": `UPDATE guichet.trace SET bytes = bytes || '\x0a' WHERE type = 'home.read'`,
		"a tile":           `UPDATE guichet.log_tile SET hashes = sha256('x') || substr(hashes, 33)`,
		"no tile":          `DELETE FROM guichet.log_tile`,
		"another place":    `INSERT INTO guichet.log_gap VALUES (2, 2, 1, 1)`,
		"no place":         `INSERT INTO guichet.log_gap SELECT id, id, 1, 1 FROM guichet.trace WHERE type = 'home.read'`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			verifier, sequence := newLog(t, w.Database)
			w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", time.Now()))
			req := w.signIn(t, camille, "sub-camille")
			if _, err := w.portal.ReadHome(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			read := line(t, w, req, "home.read")
			sequence()
			if _, err := w.portal.ReadProof(t.Context(), req, read.Entry, verifier); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Superuser(t).Exec(alter); err != nil {
				t.Fatal(err)
			}
			if _, err := w.portal.ReadProof(t.Context(), req, read.Entry, verifier); fault.KindOf(err) != fault.Tampered {
				t.Errorf("got %v, want it tampered with", err)
			}
			if n := w.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'integrity'`); n != 1 {
				t.Errorf("%d entries say so, want 1", n)
			}
		})
	}
}
