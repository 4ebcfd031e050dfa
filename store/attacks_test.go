package store_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/record"
	"guichet/store"
)

// target is what an attacker with the portal's password and one patient's
// cookie sets out from: that patient's report, and somebody else's.
type target struct {
	*world
	own, other      record.ReportID
	token, tokenTwo store.Request
	patient         record.PatientID
}

func newTarget(t testing.TB) *target {
	t.Helper()
	w := newWorld(t)
	sampled := time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC)
	own := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.20", sampled))
	other := w.deposit(t, bloodCount(lea, "200", "C2", "O2", "13.0", sampled))
	x := &target{world: w, own: own.Report, other: other.Report, token: w.signIn(t, camille, "sub-camille"), tokenTwo: w.signIn(t, lea, "sub-lea")}
	home, err := w.portal.ReadHome(t.Context(), x.token)
	if err != nil {
		t.Fatal(err)
	}
	x.patient = home.Patient.ID
	return x
}

// psql runs a script as a role, with its password, and returns what it printed:
// rows, and errors as their SQLSTATE.
func (x *target) psql(t testing.TB, role, file string) string {
	t.Helper()
	literal := func(b []byte) string { return `'\x` + hex.EncodeToString(b) + `'::bytea` }
	cmd := exec.Command("psql", "-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate", "-d", x.URL(role)+"&password="+x.Password(role),
		"-v", "token="+literal(x.token.Token), "-v", "other_token="+literal(x.tokenTwo.Token), "-v", "feed_token="+literal(x.feed.Token),
		"-v", "own='"+x.own.String()+"'::uuid", "-v", "other='"+x.other.String()+"'::uuid", "-f", file)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out.String())
	}
	return out.String()
}

// circumstances are settings of the server under which a script runs.
var circumstances = map[string]map[string]string{
	"b1_asynchronous_commit.sql":          {"wal_writer_delay": "10s"}, // nobody flushes by chance
	"b1_local_commit_without_standby.sql": {"synchronous_standby_names": "elsewhere"},
}

// set changes a setting of the server until the test ends.
func (x *target) set(t *testing.T, setting, value string) {
	t.Helper()
	admin := openAs(t, x.Cluster.URL("postgres", "postgres"))
	change := func(query string) {
		if _, err := admin.Exec("SET synchronous_commit = local"); err != nil {
			t.Error(err)
		}
		if _, err := admin.Exec(query); err != nil {
			t.Error(err)
		}
		if _, err := admin.Exec("SELECT pg_reload_conf()"); err != nil {
			t.Error(err)
		}
	}
	current := func() string {
		db := openAs(t, x.Cluster.URL("postgres", "postgres"))
		defer db.Close()
		var now string
		if err := db.QueryRow("SELECT current_setting($1)", setting).Scan(&now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	before := current()
	change("ALTER SYSTEM SET " + setting + " = '" + value + "'")
	for current() != value { // each look is a connection of its own, which starts with what holds now
	}
	t.Cleanup(func() {
		change("ALTER SYSTEM RESET " + setting)
		for current() != before {
		}
	})
}

// TestAttacks runs every script of attacks/ as guichet_portal. A script says
// what must be printed, and which errors alone may be met.
func TestAttacks(t *testing.T) {
	files, err := filepath.Glob("attacks/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no attacks found")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			x := newTarget(t)
			for setting, value := range circumstances[filepath.Base(file)] {
				x.set(t, setting, value)
			}
			out := x.psql(t, "guichet_portal", file)
			compareAttack(t, file, out)
			// Whatever was tried: nothing that betrays somebody else.
			for name, secret := range map[string]string{"another's patient": x.patientOf(t, x.other), "another's session": hex.EncodeToString(x.tokenTwo.Token)} {
				if strings.Contains(out, secret) {
					t.Errorf("output holds %s", name)
				}
			}
		})
	}
	t.Logf("%d attacks", len(files))
}

func compareAttack(t *testing.T, file, out string) {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	allowed := "none"
	lines := strings.Split(strings.TrimSpace(out), "\n")
	seen := make(map[string]bool)
	for _, line := range lines {
		seen[line] = true
	}
	for _, line := range strings.Split(string(script), "\n") {
		if want, ok := strings.CutPrefix(line, "-- expect error: "); ok {
			allowed = want
		}
		if want, ok := strings.CutPrefix(line, "-- expect: "); ok {
			if !seen[want] {
				t.Errorf("want %q, got\n%s", want, out)
			}
			delete(seen, want)
		}
	}
	errors := regexp.MustCompile(`ERROR: +(\S+)$`)
	permitted := regexp.MustCompile(`^(` + allowed + `)$`)
	var met int
	for _, line := range lines {
		if m := errors.FindStringSubmatch(line); m != nil {
			met++
			if !permitted.MatchString(m[1]) {
				t.Errorf("met error %s, want only %s", m[1], allowed)
			}
		}
		if strings.HasPrefix(line, "asked ") && line != "asked 0" || strings.HasPrefix(line, "left ") && line != "left 0" {
			t.Errorf("went through: %s", line)
		}
	}
	if allowed != "none" && met == 0 {
		t.Error("no error was met")
	}
	if want := strings.Count(string(script), "\nSELECT guichet.ask_report(NULL"); want > 0 && met < 15 {
		t.Errorf("want an error for each call, got %d", met)
	}
}

// patientOf returns whose report it is, as the superuser sees it.
func (x *target) patientOf(t testing.TB, id record.ReportID) string {
	t.Helper()
	var patient string
	if err := x.Superuser(t).QueryRow(`SELECT patient FROM guichet.report WHERE id = $1`, id.String()).Scan(&patient); err != nil {
		t.Fatal(err)
	}
	return patient
}
