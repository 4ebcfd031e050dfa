package e2e

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// query runs one statement as the tables' owner, whom only the owner of the
// installation can become, and returns its lines, columns parted by "|".
func (d *demo) query(t *testing.T, statement string) []string {
	t.Helper()
	command := exec.Command(psql(t), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
		"--set", "ON_ERROR_STOP=1", "--dbname", d.Ready.Database.Owner,
		"--command", "SET ROLE guichet_data", "--command", statement)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v: %s", err, out)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

// count runs a statement that returns one number.
func (d *demo) count(t *testing.T, statement string) int {
	t.Helper()
	lines := d.query(t, statement)
	if len(lines) != 1 {
		t.Fatalf("%s returned %d lines, want 1", statement, len(lines))
	}
	n, err := strconv.Atoi(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// traces counts the entries of a type and an outcome.
func (d *demo) traces(t *testing.T, event, outcome string) int {
	t.Helper()
	return d.count(t, "SELECT count(*) FROM guichet.trace WHERE type = '"+event+"' AND outcome = '"+outcome+"'")
}

func psql(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/psql")
	if err == nil && len(found) > 0 {
		slices.Sort(found)
		return found[len(found)-1]
	}
	path, err := exec.LookPath("psql")
	if err != nil {
		t.Fatal("psql is missing: install the Debian package postgresql")
	}
	return path
}

// share declares this machine's addresses as shared: one browser plays many
// people there.
func (d *demo) share(t *testing.T) {
	t.Helper()
	d.query(t, "INSERT INTO guichet.setting (name, value, at, entry) VALUES ('delay.shared', '127.0.0.0/8, ::1/128', now(), 0)")
}
