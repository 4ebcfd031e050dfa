package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// keptCheckpoints keeps the checkpoints that the demo has published, as somebody outside
// would who was sent them.
type keptCheckpoints struct {
	folder string
	files  []string
}

// keep copies the latest checkpoint where it is a new one.
func (k *keptCheckpoints) keep(t *testing.T, d *demo) {
	t.Helper()
	signed, err := os.ReadFile(filepath.Join(d.Ready.Traces.Checkpoints, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(k.folder, strings.Split(string(signed), "\n")[1])
	if slices.Contains(k.files, name) {
		return
	}
	if err := os.WriteFile(name, signed, 0o600); err != nil {
		t.Fatal(err)
	}
	k.files = append(k.files, name)
}

// checkLog verifies the log against all that was published.
func (d *demo) checkLog(t *testing.T, k *keptCheckpoints) {
	t.Helper()
	args := []string{"traces", "verify", "--config", d.Ready.Config}
	for _, file := range k.files {
		args = append(args, "--checkpoint", file)
	}
	if out, err := exec.Command(filepath.Join(suite.programs, "guichet"), args...).CombinedOutput(); err != nil { // #nosec G204 -- our own
		t.Errorf("the log does not verify: %v\n%s", err, out)
	}
}

// awaitSequenced waits until every entry left so far has its place.
func (d *demo) awaitSequenced(t *testing.T) {
	t.Helper()
	last := d.query(t, "SELECT max(id) FROM guichet.trace")[0]
	deadline := time.Now().Add(backLimit)
	for d.count(t, "SELECT count(*) FROM guichet.trace WHERE id <= "+last+" AND id > (SELECT entry FROM guichet.log_state)") > 0 {
		if time.Now().After(deadline) {
			t.Fatal("entries have no place in the log")
		}
		pause(20 * time.Millisecond)
	}
}

// TestAttackTracesAsSuperuser: whoever has the database and its superuser's rights, and
// neither the signing key nor what was published, is found out.
func TestAttackTracesAsSuperuser(t *testing.T) {
	d := newDemo(t)
	p := d.people(t, "patient")[0]
	c := d.signedIn(t, p)
	c.get("/reports")
	d.awaitSequenced(t)
	kept := &keptCheckpoints{folder: t.TempDir()}
	kept.keep(t, d)
	d.checkLog(t, kept)
	export := filepath.Join(kept.folder, "whole.jsonl")
	run := func(args ...string) (string, error) {
		out, err := exec.Command(filepath.Join(suite.programs, "guichet"), args...).CombinedOutput() // #nosec G204 -- our own
		return string(out), err
	}
	if out, err := run("traces", "export", "--config", d.Ready.Config, "--out", export); err != nil {
		t.Fatal(out)
	}
	if out, err := run("traces", "verify", "--export", export, "--key", d.Ready.Traces.PublicKey, "--checkpoint", kept.files[0]); err != nil || !strings.Contains(out, "Journal intact") {
		t.Errorf("the export does not verify with the public key alone: %s", out)
	}
	// A reading that never was: the last page read is made somebody else's, in the
	// row and in its bytes.
	const other = "01a22e5c-3cd6-74be-8810-2e4f6f094a9c"
	d.query(t, "UPDATE guichet.trace SET account = '"+other+"', bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'account ' || account, 'account "+other+"'), 'UTF8')"+
		" WHERE id = (SELECT max(id) FROM guichet.trace WHERE type = 'report.list' AND id <= (SELECT entry FROM guichet.log_state))")
	out, err := run("traces", "verify", "--config", d.Ready.Config)
	if err == nil || !strings.Contains(out, "N'EST PAS intact. place ") {
		t.Errorf("an altered trace is not found: %s", out)
	}
	t.Log(strings.TrimSpace(out))
}
