package pgtest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// query runs SQL through psql and returns its answer.
func query(t *testing.T, c *Cluster, url, sql string, env ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(c.Bin(), "psql"), "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-c", sql, url)
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent"}, env...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func mustQuery(t *testing.T, c *Cluster, url, sql string) string {
	t.Helper()
	out, err := query(t, c, url, sql)
	if err != nil {
		t.Fatalf("psql %q: %v: %s", sql, err, out)
	}
	return out
}

func start(t *testing.T, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}

// eventually waits until ok, which a process outside brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		case <-time.After(poll):
		}
	}
}

func alive(pid int) bool {
	_, err := os.Readlink(filepath.Join("/proc", itoa(pid), "exe"))
	return err == nil || !errors.Is(err, os.ErrNotExist)
}

func TestClusterIsDurableAndKeepsValuesOutOfItsLog(t *testing.T) {
	t.Parallel()
	log := &tail{}
	c := start(t, Options{Log: log})
	super := c.URL("postgres", "postgres")
	for name, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"max_prepared_transactions": "0", "wal_writer_delay": "10ms", "listen_addresses": "",
		"password_encryption": "scram-sha-256", "server_encoding": "UTF8", "lc_ctype": "C.UTF-8",
		"log_statement": "none", "log_error_verbosity": "terse", "log_min_error_statement": "panic",
		"log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0", "jit": "off",
	} {
		if got := mustQuery(t, c, super, "SHOW "+name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	if out, err := query(t, c, super, "SELECT 'canary-4711'::int"); err == nil {
		t.Fatalf("a text became a number: %s", out)
	}
	if out, err := query(t, c, super, "DO $$ BEGIN RAISE WARNING 'mark' USING DETAIL = 'canary-4712'; END $$"); err != nil {
		t.Fatalf("raise: %v: %s", err, out)
	}
	eventually(t, "the warning is in the log", func() bool { return strings.Contains(log.String(), "mark") })
	// The message itself holds the bad input; the statement and the detail must not follow.
	for _, leak := range []string{"STATEMENT", "SELECT", "DETAIL", "canary-4712"} {
		if strings.Contains(log.String(), leak) {
			t.Errorf("the log holds %q:\n%s", leak, log.String())
		}
	}
}

func TestRolesComeByPeerOrByPassword(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	mustQuery(t, c, c.URL("postgres", "postgres"), `CREATE ROLE guichet_owner LOGIN; CREATE ROLE guichet_portal LOGIN PASSWORD 'right'`)

	cases := []struct {
		name, role string
		env        []string
		allowed    bool
	}{
		{"the owner by peer", "guichet_owner", nil, true},
		{"a role with its password", "guichet_portal", []string{"PGPASSWORD=right"}, true},
		{"a role with a wrong password", "guichet_portal", []string{"PGPASSWORD=wrong"}, false},
		{"a role without password", "guichet_portal", nil, false},
		{"an unknown role", "nobody_here", []string{"PGPASSWORD=right"}, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			out, err := query(t, c, c.URL(tc.role, "postgres"), "SELECT current_user", tc.env...)
			if allowed := err == nil; allowed != tc.allowed {
				t.Fatalf("allowed %v, want %v: %s", allowed, tc.allowed, out)
			}
			if tc.allowed && out != tc.role {
				t.Errorf("came as %q", out)
			}
		})
	}
	t.Run("the folder of the socket is closed to others", func(t *testing.T) {
		found, err := os.Stat(c.sockets)
		if err != nil {
			t.Fatal(err)
		}
		if got := found.Mode().Perm(); got != 0o700 {
			t.Errorf("mode %o, want 700", got)
		}
	})
}

func TestWhatWasCommittedSurvivesAKill(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	super := c.URL("postgres", "postgres")
	mustQuery(t, c, super, "CREATE TABLE kept (n int)")
	for round := range 3 {
		mustQuery(t, c, super, "INSERT INTO kept SELECT count(*) FROM kept")
		before := c.PID()
		if err := c.Kill(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-c.Done():
		default:
			t.Fatal("Done is open after Kill")
		}
		if out, err := query(t, c, super, "SELECT 1"); err == nil {
			t.Fatalf("a killed cluster answers %q", out)
		}
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.PID() == before {
			t.Error("the process number did not change")
		}
		if got := mustQuery(t, c, super, "SELECT count(*) FROM kept"); got != itoa(round+1) {
			t.Errorf("%s rows after kill %d", got, round+1)
		}
	}
}

// A busy backend does not notice its postmaster's death, and holds the shared
// memory that the next server needs.
func TestRestartEndsBackendsThatOutlivedTheirPostmaster(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	super := c.URL("postgres", "postgres")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	busy := exec.CommandContext(ctx, filepath.Join(c.Bin(), "psql"), "-X", "-q", "-c",
		"SET application_name = 'busy'; SELECT count(*) FROM generate_series(1, 100000000000)", super)
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Wait() }()
	defer cancel()
	eventually(t, "the backend is busy", func() bool {
		return mustQuery(t, c, super, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'busy' AND state = 'active'") == "1"
	})

	if err := syscall.Kill(c.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if len(processesIn(c.data)) == 0 {
		t.Fatal("no backend outlived the postmaster: the test proves nothing")
	}
	begun := time.Now()
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("restarted in %s", time.Since(begun).Round(time.Millisecond))
	if got := mustQuery(t, c, super, "SELECT 1"); got != "1" {
		t.Errorf("got %q", got)
	}
}

func TestStaleLockFileOfAReusedProcessNumberIsCleared(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	// A process of the server's user which is no PostgreSQL of this folder.
	other := c.command("/bin/cat")
	other.Path = "/bin/cat"
	held, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	process, err := Spawn(other, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close(); <-process.Done() }()
	lines := lockFile(c.data)
	lines[0] = itoa(process.PID())
	if err := c.account.writeFile(filepath.Join(c.data, "postmaster.pid"), []byte(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAnExistingFolderIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	keeper, err := makeTemporary()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = keeper.remove() })
	// Half a cluster, as an initdb that was cut short leaves it.
	o := Options{Data: filepath.Join(keeper.path, "cluster"), Sockets: filepath.Join(keeper.path, "s")}
	if err := os.MkdirAll(filepath.Join(o.Data+".new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	for round, want := range []string{"0", "1"} {
		c, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		super := c.URL("postgres", "postgres")
		if got := mustQuery(t, c, super, "SELECT count(*) FROM pg_class WHERE relname = 'kept'"); got != want {
			t.Errorf("start %d: %s tables, want %s", round, got, want)
		}
		mustQuery(t, c, super, "CREATE TABLE IF NOT EXISTS kept (n int)")
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		options Options
		want    string
	}{
		{"no programs in the folder", Options{Bin: t.TempDir()}, "server programs"},
		{"socket folder too long", Options{Sockets: "/tmp/" + strings.Repeat("a", 100)}, "too long"},
		{"a setting unknown to the server", Options{Settings: map[string]string{"no_such": "x"}}, "no_such"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := Start(t.Context(), tc.options)
			if err == nil {
				t.Fatal(errors.Join(errors.New("it started"), c.Stop()))
			}
			if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is not one sentence with %q", err, tc.want)
			}
		})
	}
}

func TestNewestProgramsComeFirst(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]int{
		"/usr/lib/postgresql/9.6/bin": 9, "/usr/lib/postgresql/15/bin": 15, "/opt/pg/bin": 0,
	} {
		if got := majorVersion(folder); got != want {
			t.Errorf("%s is version %d, want %d", folder, got, want)
		}
	}
}

func TestTemporaryFoldersAreRemoved(t *testing.T) {
	t.Parallel()
	c, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := c.temporary.path
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}

	root := t.TempDir()
	left := filepath.Join(root, temporaryPrefix+"left")
	used := filepath.Join(root, temporaryPrefix+"used")
	for _, folder := range []string{left, used} {
		if err := os.Mkdir(folder, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	abandoned, err := lockFolder(left, os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := abandoned.Close(); err != nil {
		t.Fatal(err)
	}
	lock, err := lockFolder(used, os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	sweep(root)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that nobody uses was left: %v", err)
	}
	if _, err := os.Stat(used); err != nil {
		t.Errorf("a folder in use was swept away: %v", err)
	}
}
