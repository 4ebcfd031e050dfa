package demo

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var services = []string{"postgres", "idpsim", "serve", "waf"}

func TestWhateverDiesIsBackWithinSeconds(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	r := runDemo(t, Options{Dir: t.TempDir(), Port: port, Programs: programsFolder(t)})
	for _, name := range services {
		before := pidOf(r.dir, name)
		if before == 0 || !alive(before) {
			t.Fatalf("%s has no process", name)
		}
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		eventually(t, 20*time.Second, name+" is back", func() bool {
			now := pidOf(r.dir, name)
			return now != 0 && now != before && alive(now)
		})
		t.Logf("%s was back after %s", name, time.Since(begun).Round(time.Millisecond))
	}
	// A program that listens has also learned to end when told.
	eventually(t, 20*time.Second, "waf listens", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	if !strings.Contains(r.out.text(), "waf s'est arrêté, redémarrage") {
		t.Error("nothing was said of the restart")
	}

	var pids []int
	for _, name := range services {
		pids = append(pids, pidOf(r.dir, name))
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	for i, pid := range pids {
		if alive(pid) {
			t.Errorf("%s outlived the demo", services[i])
		}
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, "run", "*.pid")); err != nil || len(left) > 0 {
		t.Errorf("process numbers left: %v, %v", left, err)
	}
	order, err := os.ReadFile(filepath.Join(r.dir, "stops"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(order), "guichet\nwaf\nidpsim\n"; got != want {
		t.Errorf("stopped in the order %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "ready.json")); err == nil {
		t.Error("ready.json outlived the demo")
	}
}

func TestDataAreKeptBetweenRunsUntilFresh(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Port: freePort(t), Programs: programsFolder(t)}
	system := func() string {
		content, err := os.ReadFile(filepath.Join(o.Dir, clusterName, "global", "pg_control"))
		if err != nil {
			t.Fatal(err)
		}
		return string(content[:8]) // the cluster's own number
	}
	steps := []struct {
		name                    string
		fresh                   bool
		prepared, keysMade, fed int
		same                    bool
	}{
		{"first run", false, 1, 1, 1, false},
		{"second run", false, 1, 0, 0, true},
		{"fresh run", true, 1, 1, 1, false},
	}
	var cluster, ca string
	for _, step := range steps {
		o.Fresh = step.fresh
		r := runDemo(t, o)
		if got := r.calls.sofar(); got.prepare != step.prepared || got.migrate != 1 || got.keys != step.keysMade || got.feed != step.fed {
			t.Errorf("%s: steps taken: %+v", step.name, got)
		}
		pem, err := os.ReadFile(filepath.Join(o.Dir, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		if now := system(); (now == cluster) != step.same {
			t.Errorf("%s: same cluster: %v, want %v", step.name, now == cluster, step.same)
		} else {
			cluster = now
		}
		if same := string(pem) == ca; same != step.same {
			t.Errorf("%s: same authority: %v, want %v", step.name, same, step.same)
		}
		ca = string(pem)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKillingTheSupervisorEndsAllAndTheNextRunRecovers(t *testing.T) {
	t.Parallel()
	dir, port, programs := t.TempDir(), freePort(t), programsFolder(t)
	supervisor := startSupervisor(t, dir, port, programs)
	pids := map[string]int{}
	for _, name := range services {
		pids[name] = pidOf(dir, name)
	}
	if got := pidOf(dir, "demo"); got != supervisor.Process.Pid {
		t.Errorf("demo.pid holds %d, want %d", got, supervisor.Process.Pid)
	}
	if err := supervisor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = supervisor.Wait() // killed
	if err := os.Remove(filepath.Join(dir, "ready.json")); err != nil {
		t.Fatal(err) // else it would be taken for the next run's
	}
	// At once, while what it started is still ending.
	runDemo(t, Options{Dir: dir, Port: port, Programs: programs})
	for name, pid := range pids {
		if alive(pid) {
			t.Errorf("%s outlived the supervisor", name)
		}
	}
}

func TestTwoDemosShareNoFolder(t *testing.T) {
	t.Parallel()
	programs := programsFolder(t)
	r := runDemo(t, Options{Dir: t.TempDir(), Port: freePort(t), Programs: programs})
	second := Options{Dir: r.dir, Port: freePort(t), Programs: programs, Out: r.out, Steps: r.calls.steps()}
	if err := Run(t.Context(), second); err == nil || !strings.Contains(err.Error(), "already runs") {
		t.Errorf("a second demo in the folder: %v", err)
	}
	second.Dir = t.TempDir()
	runDemo(t, second) // beside the first
}

func TestAProgramThatDoesNotStayUpEndsTheDemo(t *testing.T) {
	t.Setenv(breakVariable, "waf")
	dir := t.TempDir()
	removeCluster(t, dir)
	err := Run(t.Context(), Options{
		Dir: dir, Port: freePort(t), Programs: programsFolder(t),
		Out: &output{lines: make(chan string, 1000)}, Steps: (&calls{}).steps(),
	})
	if err == nil || !strings.Contains(err.Error(), "waf: broken on purpose") {
		t.Errorf("got %v", err)
	}
	for _, name := range services {
		if pid := pidOf(dir, name); pid != 0 {
			t.Errorf("%s still has a process number", name)
		}
	}
}

func TestNothingStartsWhenSomethingIsMissing(t *testing.T) {
	t.Parallel()
	programs := programsFolder(t)
	theirs := t.TempDir()
	if err := os.Mkdir(filepath.Join(theirs, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		options Options
		want    string
	}{
		{"programs not built", Options{Programs: t.TempDir()}, "run make build"},
		{"port out of range", Options{Programs: programs, Port: 65000}, "--port 65000 is out of range"},
		{"somebody else's folder", Options{Programs: programs, Port: freePort(t), Dir: theirs, Fresh: true}, "--dir"},
		{"no PostgreSQL", Options{Programs: programs, Port: freePort(t), PostgresBin: t.TempDir()}, "PostgreSQL server programs"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := tc.options
			if o.Dir == "" {
				o.Dir = t.TempDir()
			}
			o.Out, o.Steps = &output{lines: make(chan string, 10)}, (&calls{}).steps()
			err := Run(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v is not one sentence with %q", err, tc.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(theirs, "keys")); err != nil {
		t.Error("somebody else's folder was emptied")
	}
}

func TestStopBeforeAllIsUpIsNoError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	steps := (&calls{}).steps()
	steps.Migrate = func(ctx context.Context, _ string) error { cancel(); return ctx.Err() }
	dir := t.TempDir()
	removeCluster(t, dir)
	o := Options{Dir: dir, Port: freePort(t), Programs: programsFolder(t), Out: &output{lines: make(chan string, 10)}, Steps: steps}
	if err := Run(ctx, o); err != nil {
		t.Error(err)
	}
}

func TestReadyFileHasTheAgreedShape(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	r := runDemo(t, Options{Dir: t.TempDir(), Port: port, Programs: programsFolder(t)})
	path := filepath.Join(r.dir, "ready.json")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := os.Stat(path); err != nil || found.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: it holds passwords", found.Mode(), err)
	}
	var got map[string]any
	if err := json.Unmarshal(content, &got); err != nil {
		t.Fatal(err)
	}
	at := func(scheme string, offset int, path string) string {
		return scheme + "localhost:" + strconv.Itoa(port+offset) + path
	}
	people, _ := got["people"].([]any)
	database, _ := got["database"].(map[string]any)
	delete(got, "people")
	delete(got, "database")
	want := map[string]any{
		"urls": map[string]any{
			"public": at("https://", 0, ""), "console": nil, "fhir": at("https://", 2, "/fhir"), "ops": "http://127.0.0.1:" + strconv.Itoa(port+4),
			"franceconnect": at("https://", 5, "/franceconnect"), "proSanteConnect": at("https://", 5, "/psc"),
		},
		"mllp":   at("", 3, ""),
		"ca":     filepath.Join(r.dir, "ca.pem"),
		"feed":   map[string]any{"cert": filepath.Join(r.dir, "tls", "feed.pem"), "key": filepath.Join(r.dir, "tls", "feed.key")},
		"traces": map[string]any{"publicKey": filepath.Join(r.dir, "traces.pub"), "checkpoints": filepath.Join(r.dir, "checkpoints")},
		"config": filepath.Join(r.dir, "guichet.toml"),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	steps := r.calls.sofar()
	if steps.mllp != want["mllp"] {
		t.Errorf("fed to %q", steps.mllp)
	}
	for role, password := range steps.passwords {
		if role == "guichet_sequencer" {
			continue // no script comes as the witness
		}
		url, _ := database[strings.TrimPrefix(role, "guichet_")].(string)
		if !strings.HasPrefix(url, "postgres://"+role+":"+password+"@/guichet?host=/") || len(password) < 32 {
			t.Errorf("%s is at %q", role, url)
		}
	}
	if url, _ := database["owner"].(string); !strings.HasPrefix(url, "postgres://guichet_owner@/guichet?host=/") {
		t.Errorf("the owner is at %q", url)
	}
	if names := slices.Sorted(maps.Keys(database)); !slices.Equal(names, []string{"console", "intake", "officer", "owner", "portal"}) {
		t.Errorf("database: %v", names)
	}
	roles := map[string]int{}
	for _, member := range people {
		person, _ := member.(map[string]any)
		if names := slices.Sorted(maps.Keys(person)); !slices.Equal(names, []string{"login", "name", "note", "provider", "role", "traits"}) {
			t.Errorf("a person has %v", names)
		}
		traits, _ := person["traits"].(map[string]any)
		if names := slices.Sorted(maps.Keys(traits)); !slices.Equal(names, []string{"birthdate", "birthplace", "family", "gender", "given", "ins", "local"}) {
			t.Errorf("traits are %v", names)
		}
		role, _ := person["role"].(string)
		roles[role]++
	}
	if want := map[string]int{"patient": 1, "unknown": 1, "physician": 2, "nurse": 1, "administrator": 1, "officer": 1}; !maps.Equal(roles, want) {
		t.Errorf("roles %v, want %v", roles, want)
	}

	table := r.out.text()
	for _, text := range []string{at("https://", 0, ""), "Marie MARTIN", "ca.pem", "ready.json", "Ctrl-C"} {
		if !strings.Contains(table, text) {
			t.Errorf("the table does not say %q:\n%s", text, table)
		}
	}
	for _, password := range steps.passwords {
		if strings.Contains(table, password) {
			t.Error("the table shows a password")
		}
	}
}

func TestEveryProfessionalHasAValidNumber(t *testing.T) {
	t.Parallel()
	for _, p := range staff() {
		if p.Provider == "psc" && (len(p.RPPS) != 11 || !luhn(p.RPPS)) {
			t.Errorf("%s: %q is no RPPS number", p.Login, p.RPPS)
		}
	}
}

// luhn is the check of the RPPS number.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		digit := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}
