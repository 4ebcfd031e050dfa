package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/handlers/sequencer"
	"guichet/store"
	"guichet/traces"
	"guichet/traces/stamp"
	"guichet/traces/stamp/stamptest"

	"github.com/alecthomas/kong"
	"golang.org/x/mod/sumdb/note"
)

// signed is a counter whose traces are in a signed log.
type signed struct {
	*counter
	folder, key string
	sequencer   *sequencer.Sequencer
	published   sequencer.Folder
}

func newSigned(t *testing.T) *signed {
	t.Helper()
	s := &signed{counter: newCounter(t), folder: t.TempDir()}
	private, public, err := note.GenerateKey(rand.Reader, "guichet.example/traces")
	if err != nil {
		t.Fatal(err)
	}
	s.key = filepath.Join(s.folder, "traces.pub")
	text := fmt.Sprintf("\n[database.officer]\nurl = %q\npassword_file = %q\n[traces]\npublic_key_file = %q\n", s.URL("guichet_officer"), filepath.Join(filepath.Dir(s.config), "password"), s.key)
	config, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{s.key: public + "\n", s.config: string(config) + text} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := envelope.OpenFiles(filepath.Join(filepath.Dir(s.config), "master"), filepath.Join(filepath.Dir(s.config), "ring"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), store.Options{URL: s.URL("guichet_sequencer"), Password: s.Password("guichet_sequencer"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	s.published = sequencer.Folder{Path: s.folder, Verifier: verifier}
	s.sequencer = sequencer.New(sequencer.Options{Store: db, Signer: signer, Verifier: verifier, Publisher: s.published, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { s.sequencer.Close(); _ = db.Close() })
	return s
}

func (s *signed) sequence(t *testing.T) {
	t.Helper()
	if _, err := s.sequencer.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *signed) path(name string) string { return filepath.Join(s.folder, name) }

// TestTimestamp: whoever has a time stamp and what it is over learns when that was
// there.
func TestTimestamp(t *testing.T) {
	s := newSigned(t)
	s.sequence(t)
	office := stamptest.New(t)
	checkpoint, err := s.published.Last()
	if err != nil {
		t.Fatal(err)
	}
	question, err := stamp.Ask(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := office.Answer(question.DER)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("token"), answer, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("other"), append(checkpoint, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func(want int, says string, args ...string) {
		t.Helper()
		code, out, errOut := guichet(t.Context(), append([]string{"traces", "verify", "--timestamp", s.path("token")}, args...)...)
		if code != want || !strings.Contains(out+errOut, says) {
			t.Errorf("verify %v: got %d, %q, %q, want %d and %q", args, code, out, errOut, want, says)
		}
	}
	day := time.Now().UTC().Format(time.DateOnly)
	verify(good, "ces octets existaient le "+day, "--checkpoint", s.path("latest"), "--tsa-ca", office.Root())
	verify(good, "guichet.example/traces avait", "--checkpoint", s.path("latest"), "--tsa-ca", office.Root(), "--key", s.key)
	verify(failed, "NE VAUT PAS", "--checkpoint", s.path("other"), "--tsa-ca", office.Root())
	verify(failed, "NE VAUT PAS", "--checkpoint", s.path("latest"), "--tsa-ca", stamptest.New(t).Root())
	verify(failed, "no certificate", "--checkpoint", s.path("latest"), "--tsa-ca", s.key)
	verify(misuse, "--tsa-ca", "--checkpoint", s.path("latest"))
	verify(misuse, "--checkpoint", "--tsa-ca", office.Root())
}

// TestTraces: the trace officer verifies, exports, keeps and purges; whoever has
// the public key verifies what was exported.
func TestTraces(t *testing.T) {
	s := newSigned(t)
	s.run(t, failed, "pas encore de point de contrôle", "traces", "checkpoint")
	s.run(t, failed, "n'a pas pu se faire", "traces", "verify") // nothing is signed yet: that is no yes
	s.sequence(t)
	s.run(t, good, "Journal intact.", "traces", "verify", "--checkpoint", s.path("latest"))
	s.run(t, good, "guichet.example/traces", "traces", "checkpoint")

	s.run(t, good, "traces écrites", "traces", "export", "--out", s.path("whole"))
	s.run(t, failed, "exists", "traces", "export", "--out", s.path("whole"))
	s.run(t, good, "traces écrites", "traces", "export", "--out", s.path("patient"), "--patient", "4711")
	s.run(t, good, "traces écrites", "traces", "export", "--out", s.path("range"), "--from", "2026-01-01")
	s.run(t, failed, "aucun patient de ce numéro", "traces", "export", "--out", s.path("nobody"), "--patient", "4712")
	if _, err := os.Stat(s.path("nobody")); err == nil {
		t.Error("an export that failed left a file")
	}
	outside := func(want int, says string, args ...string) {
		t.Helper()
		code, out, errOut := guichet(t.Context(), append([]string{"traces", "verify"}, args...)...)
		if code != want || !strings.Contains(out+errOut, says) {
			t.Errorf("verify %v: got %d, %q, %q, want %d and %q", args, code, out, errOut, want, says)
		}
	}
	outside(good, "Journal intact.", "--export", s.path("whole"), "--key", s.key, "--checkpoint", s.path("latest"))
	for _, name := range []string{"patient", "range"} {
		outside(good, "Journal intact.", "--export", s.path(name), "--key", s.key)
		outside(failed, "whole log only", "--export", s.path(name), "--key", s.key, "--checkpoint", s.path("latest"))
	}
	outside(misuse, "--key", "--export", s.path("whole"))
	outside(misuse, "say what", "--key", s.key)
	other, _, err := note.GenerateKey(rand.Reader, "guichet.example/traces")
	if err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(s.path("private"), []byte(other), 0o600)
	outside(failed, "not a public key", "--export", s.path("whole"), "--key", s.path("private"))
	altered, err := os.ReadFile(s.path("whole"))
	if err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(s.path("altered"), []byte(strings.Replace(string(altered), "outcome granted", "outcome refused", 1)), 0o600)
	outside(failed, "N'EST PAS intact", "--export", s.path("altered"), "--key", s.key)

	// One trace by its proof.
	log, err := s.published.Last()
	if err != nil {
		t.Fatal(err)
	}
	at, err := traces.OpenCheckpoint(log, s.published.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := traces.Prove(0, at, log, s.Open(t, "guichet_officer").Tiles(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var entry []byte
	if err := s.Superuser(t).QueryRow(`SELECT bytes FROM guichet.trace ORDER BY id LIMIT 1`).Scan(&entry); err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(s.path("proof"), proof.File(entry), 0o600)
	outside(good, "La trace 1 (feed.open, granted", "--proof", s.path("proof"), "--key", s.key)
	_ = os.WriteFile(s.path("wrong"), proof.File(append(entry, '\n')), 0o600)
	outside(failed, "NE VAUT PAS", "--proof", s.path("wrong"), "--key", s.key)

	s.run(t, good, "trace.keep.security  365 days", "traces", "keep")
	s.run(t, good, "trace.keep.security  400 days", "traces", "keep", "trace.keep.security", "400 days")
	s.run(t, failed, "hors des bornes", "traces", "keep", "trace.keep.security", "30 days")
	s.run(t, misuse, "which class", "traces", "keep", "session.idle", "1 minute")
	s.run(t, good, "0 traces purgées", "traces", "purge")

	// A log that is not intact is neither called so nor purged.
	if _, err := s.Superuser(t).Exec(`DELETE FROM guichet.trace WHERE id = 3`); err != nil {
		t.Fatal(err)
	}
	s.run(t, failed, "N'EST PAS intact. place 2, trace 3", "traces", "verify")
	s.run(t, failed, "rien n'a été purgé", "traces", "purge")
}

// TestTracesNeedAnOfficer: without the officer's role there is no reading.
func TestTracesNeedAnOfficer(t *testing.T) {
	c := newCounter(t)
	for _, command := range [][]string{{"verify"}, {"checkpoint"}, {"keep"}, {"purge"}, {"export", "--out", filepath.Join(t.TempDir(), "x")}} {
		c.run(t, failed, "database.officer manque", append([]string{"traces"}, command...)...)
	}
}

// commandEvents are the events that a command leaves, or why it leaves none.
var commandEvents = map[string]string{
	"serve": string(traces.ServiceStart), "migrate": "changes no data: the list of migrations says what was done", "keys init": "before there is a database", "keys status": "reads a key, and tells nothing of it",
	"keys provider": "makes a key", "keys traces": "makes a key: the log's checkpoints are signed with it", "version": "says a number", "demo": "starts the others", "sample": "makes fictitious data", "affected": string(traces.AffectedRead),
	"quarantine list": string(traces.QuarantineList), "quarantine show": string(traces.QuarantineRead), "quarantine replay": string(traces.QuarantineRelease),
	"settings list": "says what was chosen; who chose it is traced", "settings set": string(traces.SettingChange),
	"networks list": string(traces.NetworkList), "networks block": string(traces.NetworkBlock), "networks unblock": string(traces.NetworkUnblock),
	"codes new": string(traces.CodeMake), "codes list": string(traces.CodeList), "codes revoke": string(traces.CodeRevoke),
	"identities list": string(traces.IdentityList), "identities show": string(traces.IdentityRead), "identities link": string(traces.IdentityLink), "identities refuse": string(traces.IdentityRefuse),
	"accounts list": string(traces.AccountList), "accounts reviews": string(traces.AccountList), "accounts keep": string(traces.AccountReview), "accounts suspend": string(traces.AccountSuspend), "accounts restore": string(traces.AccountRestore), "accounts block": string(traces.AccountBlock),
	"traces verify": string(traces.TraceRange), "traces export": string(traces.TraceRange), "traces checkpoint": "hashes and a size, signed; the officer's session is traced", "traces keep": string(traces.SettingChange), "traces purge": string(traces.TracePurge),
}

// TestEveryCommandHasAnEvent: a command that is new says which event it leaves.
func TestEveryCommandHasAnEvent(t *testing.T) {
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, e := range traces.Events {
		known[string(e.Type)] = true
	}
	found := make(map[string]bool)
	for _, leaf := range parser.Model.Leaves(true) {
		name := leaf.Path()
		name = strings.TrimSpace(strings.TrimPrefix(name, parser.Model.Name))
		found[name] = true
		event, ok := commandEvents[name]
		if !ok {
			t.Errorf("%s: which event does it leave?", name)
		}
		if !strings.Contains(event, " ") && !known[event] {
			t.Errorf("%s leaves %q, which is not on the list", name, event)
		}
	}
	for name := range commandEvents {
		if !found[name] {
			t.Errorf("%s is no command", name)
		}
	}
}
