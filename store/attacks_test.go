package store_test

import (
	"bytes"
	"encoding/hex"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/record"
	"guichet/store"
	"guichet/store/pgtest"
	"guichet/store/storetest"

	"github.com/lib/pq"
)

// target is what an attacker with the portal's password and one patient's
// cookie sets out from: that patient's report, and somebody else's.
type target struct {
	*world
	standby         *pgtest.Cluster // nil: none
	own, other      record.ReportID
	token, tokenTwo store.Request
	again           store.Request // the same patient's, on another device, waiting for its turn
	patient         record.PatientID
}

func newTarget(t testing.TB) *target {
	t.Helper()
	return newTargetIn(t, storetest.New(t))
}

func newTargetIn(t testing.TB, d *storetest.Database) *target {
	t.Helper()
	w := newWorldIn(t, d)
	sampled := time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC)
	own := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.20", sampled))
	other := w.deposit(t, bloodCount(lea, "200", "C2", "O2", "13.0", sampled))
	x := &target{world: w, own: own.Reports[0].ID, other: other.Reports[0].ID, token: w.signIn(t, camille, "sub-camille"), tokenTwo: w.signIn(t, lea, "sub-lea")}
	x.again = x.beside(t, x.token)
	home, err := w.portal.ReadHome(t.Context(), x.token)
	if err != nil {
		t.Fatal(err)
	}
	x.patient = home.Patient.ID
	return x
}

// beside adds a session of the same account to one, which waits for its turn.
func (w *world) beside(t testing.TB, of store.Request) store.Request {
	t.Helper()
	req := storetest.Request()
	if _, err := w.Superuser(t).Exec(`INSERT INTO guichet.session (id, token, account, listener, opened, seen, entry, person)
		SELECT gen_random_uuid(), sha256($1), account, listener, opened, seen, entry, person FROM guichet.session WHERE token = sha256($2)`, req.Token, of.Token); err != nil {
		t.Fatal(err)
	}
	return req
}

// psql runs a script as guichet_portal, with its password, and returns what it
// printed: rows, and errors as their SQLSTATE. Beside the transactions of its
// own connection, the script may have others act, by the commands $SUPERUSER
// and, where there is one, $STANDBY.
func (x *target) psql(t testing.TB, file string) string {
	t.Helper()
	literal := func(b []byte) string { return `'\x` + hex.EncodeToString(b) + `'::bytea` }
	program := filepath.Join(x.Cluster.Bin(), "psql")
	superuser := func(url string) string { return program + " -X -q -A -t -d " + url + " -c" }
	cmd := exec.CommandContext(t.Context(), program, "-X", "-q", "-A", "-t", "-v", "VERBOSITY=sqlstate", "-d", x.URL("guichet_portal")+"&password="+x.Password("guichet_portal"),
		"-v", "token="+literal(x.token.Token), "-v", "other_token="+literal(x.tokenTwo.Token), "-v", "again_token="+literal(x.again.Token), "-v", "feed_token="+literal(x.feed.Token),
		"-v", "own='"+x.own.String()+"'::uuid", "-v", "other='"+x.other.String()+"'::uuid", "-f", file)
	cmd.Env = append(os.Environ(), "SUPERUSER="+superuser(x.URL("postgres")))
	if x.standby != nil {
		cmd.Env = append(cmd.Env, "STANDBY="+superuser(x.standby.URL("postgres", x.Name)))
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("psql: %v\n%s", err, out.String())
	}
	return out.String()
}

// given makes the circumstances that a script names.
var given = map[string]func(*testing.T) *target{
	"": func(t *testing.T) *target { return newTarget(t) },
	"a database where anybody may make temporary tables": func(t *testing.T) *target {
		x := newTarget(t)
		if _, err := x.Superuser(t).Exec("GRANT TEMPORARY ON DATABASE " + pq.QuoteIdentifier(x.Name) + " TO PUBLIC"); err != nil {
			t.Fatal(err)
		}
		return x
	},
	"a clock that stands still": func(t *testing.T) *target {
		x := newTarget(t)
		x.SetClock(t, time.Now().Add(time.Second)) // after the sessions were opened
		return x
	},
	"transactions may stay open for no time at all": func(t *testing.T) *target {
		x := newTarget(t)
		x.endAtOnce(t)
		return x
	},
	"a migration over an earlier signature": func(t *testing.T) *target {
		x := newTarget(t)
		x.addEarlierSignature(t)
		if err := store.Migrate(t.Context(), x.URL("guichet_owner"), ""); err != nil {
			t.Fatal(err)
		}
		return x
	},
	"a cluster of its own where nobody flushes by chance": func(t *testing.T) *target {
		return newTargetIn(t, storetest.NewCluster(t, map[string]string{"wal_writer_delay": "10s"}))
	},
	"a cluster of its own with a synchronous standby": func(t *testing.T) *target {
		d := storetest.NewCluster(t, map[string]string{"wal_receiver_status_interval": "1"})
		standby, err := pgtest.Start(t.Context(), pgtest.Options{Primary: d.Cluster, Settings: map[string]string{"wal_retrieve_retry_interval": "10ms"}})
		if err != nil {
			t.Fatal("start standby:", err)
		}
		t.Cleanup(func() {
			if err := standby.Stop(); err != nil {
				t.Error("stop standby:", err)
			}
		})
		admin := d.Superuser(t)
		if _, err := admin.Exec("ALTER SYSTEM SET synchronous_standby_names = 'standby'"); err != nil {
			t.Fatal(err)
		}
		if _, err := admin.Exec("SELECT pg_reload_conf()"); err != nil {
			t.Fatal(err)
		}
		for synchronous := false; !synchronous; {
			if err := admin.QueryRow("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')").Scan(&synchronous); err != nil {
				t.Fatal(err)
			}
		}
		x := newTargetIn(t, d)
		x.standby = standby
		return x
	},
}

// endAtOnce gives transactions no time at all.
func (x *target) endAtOnce(t testing.TB) {
	t.Helper()
	if _, err := x.Superuser(t).Exec(`CREATE OR REPLACE FUNCTION guichet.longest_transaction() RETURNS interval LANGUAGE sql AS $$ SELECT interval '0' $$`); err != nil {
		t.Fatal(err)
	}
}

// addEarlierSignature leaves a function that hands over everything, as a
// migration that only adds would.
func (x *target) addEarlierSignature(t testing.TB) {
	t.Helper()
	if _, err := x.Superuser(t).Exec(`CREATE FUNCTION guichet.ask_report(token bytea) RETURNS SETOF guichet.report LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM guichet.report';
		ALTER FUNCTION guichet.ask_report(bytea) OWNER TO guichet_monitor; GRANT EXECUTE ON FUNCTION guichet.ask_report(bytea) TO guichet_portal`); err != nil {
		t.Fatal(err)
	}
}

// TestAttacks runs every script of attacks/ as guichet_portal. A script says
// under what circumstances it runs, what must be printed, and which errors
// alone may be met.
func TestAttacks(t *testing.T) {
	files, err := filepath.Glob("attacks/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no attacks found")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			a := readAttack(t, file)
			x := given[a.given](t)
			out := x.psql(t, file)
			a.compare(t, out)
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

// attack is what the head of a script says of it.
type attack struct {
	given  string
	want   []string       // every line that must be printed, in order
	errors *regexp.Regexp // SQLSTATEs that may be met
	counts map[string]int // how many lines of each level (ERROR, WARNING, LOG) must be met
}

var expectedLevel = regexp.MustCompile(`^-- expect (\d+) (error|notice)s?: (.+)$`)

func readAttack(t *testing.T, file string) attack {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a := attack{errors: regexp.MustCompile("none"), counts: make(map[string]int)}
	for line := range strings.Lines(string(script)) {
		line = strings.TrimSuffix(line, "\n")
		if text, ok := strings.CutPrefix(line, "-- given: "); ok {
			a.given = text
		}
		if text, ok := strings.CutPrefix(line, "-- expect: "); ok {
			a.want = append(a.want, text)
		}
		if m := expectedLevel.FindStringSubmatch(line); m != nil {
			level := m[3]
			if m[2] == "error" {
				level, a.errors = "ERROR", regexp.MustCompile("^("+m[3]+")$")
			}
			if a.counts[level], err = strconv.Atoi(m[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if given[a.given] == nil || len(a.want) == 0 {
		t.Fatalf("head of the script: circumstances %q, %d expectations", a.given, len(a.want))
	}
	return a
}

// psql prints of a message its level and, as it was told, its SQLSTATE only.
var printedMessage = regexp.MustCompile(`([A-Z]+): +(\S+)$`)

// compare fails on any line that was not announced, and on any error.
func (a attack) compare(t *testing.T, out string) {
	t.Helper()
	var printed []string
	met := make(map[string]int)
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		m := printedMessage.FindStringSubmatch(line)
		switch {
		case m != nil:
			met[m[1]]++
			if m[1] == "ERROR" && !a.errors.MatchString(m[2]) {
				t.Errorf("met error %s, want only %v", m[2], a.errors)
			}
		case line != "": // what a function returning void prints
			printed = append(printed, line)
		}
	}
	if !slices.Equal(printed, a.want) {
		t.Errorf("printed %q, want %q", printed, a.want)
	}
	if !maps.Equal(met, a.counts) {
		t.Errorf("met %v, want %v", met, a.counts)
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
