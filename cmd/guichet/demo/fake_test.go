package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"guichet/configs"
)

// The test binary plays the demo's programs, under whose names it is linked
// into a folder, and the supervisor, which some tests must be able to kill.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "guichet", "waf", "idpsim":
		os.Exit(playProgram())
	case "supervisor":
		os.Exit(playSupervisor())
	}
	os.Exit(m.Run())
}

// breakVariable names the program that refuses to run.
const breakVariable = "DEMO_TEST_BREAK"

// playProgram listens where its configuration says and ends on SIGTERM,
// leaving its name in the file "stops".
func playProgram() int {
	name := filepath.Base(os.Args[0])
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if os.Getenv(breakVariable) == name {
		fmt.Fprintln(os.Stderr, name+": broken on purpose")
		return 1
	}
	config := os.Args[len(os.Args)-1]
	if err := listenAs(ctx, name, config); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		return 1
	}
	file, err := os.OpenFile(filepath.Join(filepath.Dir(config), "stops"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return 1
	}
	fmt.Fprintln(file, name)
	return 0
}

func listenAs(ctx context.Context, name, config string) error {
	switch name {
	case "guichet":
		c, err := configs.LoadEnv[configs.Guichet](config, os.Environ())
		if err != nil {
			return err
		}
		if _, err := configs.ReadSecret(c.Database.Portal.PasswordFile); err != nil {
			return err
		}
		go serveHTTP(c.Ops.Listen, nil)
		go serveUntil(ctx, c.Intake.FHIR, c.Intake.TLS)
		return serveUntil(ctx, c.Intake.MLLP, c.Intake.TLS)
	case "waf":
		c, err := configs.LoadEnv[configs.WAF](config, os.Environ())
		if err != nil {
			return err
		}
		return serveUntil(ctx, c.Listen, c.TLS)
	default:
		c, err := configs.LoadEnv[configs.IDPSim](config, os.Environ())
		if err != nil {
			return err
		}
		return serveUntil(ctx, c.Listen, c.TLS)
	}
}

func serveUntil(ctx context.Context, address string, side configs.ServerTLS) error {
	config, err := side.Config()
	if err != nil {
		return err
	}
	config.NextProtos = []string{"http/1.1"}
	failed := make(chan error, 1)
	go func() { failed <- serveHTTP(address, config) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func serveHTTP(address string, config *tls.Config) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	return server.Serve(l)
}

// playSupervisor runs the demo until it is killed: supervisor DIR PORT PROGRAMS.
func playSupervisor() int {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return 2
	}
	err = Run(context.Background(), Options{Dir: os.Args[1], Port: port, Programs: os.Args[3], Out: os.Stdout, Steps: (&calls{}).steps()})
	fmt.Println(err)
	return 1
}

// calls counts the steps that the demo asked for.
type calls struct {
	mu sync.Mutex // guards made
	made
}

type made struct {
	prepare, migrate, keys, feed int
	traceKeys                    int
	mllp                         string
	passwords                    map[string]string
}

func (c *calls) sofar() made {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made
}

func (c *calls) note(what func(*made)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	what(&c.made)
	return nil
}

func (c *calls) steps() Steps {
	return Steps{
		Prepare: func(_ context.Context, _ string, passwords map[string]string) error {
			return c.note(func(m *made) { m.prepare++; m.passwords = passwords })
		},
		Migrate:     func(context.Context, string) error { return c.note(func(m *made) { m.migrate++ }) },
		ProviderKey: func(algorithm, file string) error { return os.WriteFile(file, []byte(algorithm), 0o600) },
		TraceKey:    func(string) error { return c.note(func(m *made) { m.traceKeys++ }) },
		InitKeys:    func(string) error { return c.note(func(m *made) { m.keys++ }) },
		Feed: func(_ context.Context, address string, _ configs.ClientTLS) error {
			return c.note(func(m *made) { m.feed++; m.mllp = address })
		},
		People: func() []Person {
			return []Person{
				{
					Provider: "franceconnect", Login: "marie", Name: "Marie MARTIN", Role: "patient", Note: "dossier riche",
					Traits: Traits{Family: "MARTIN", Given: "Marie", Birthdate: "1961-03-09", Gender: "female", Birthplace: "75112", Local: "1001", INS: "261037511200178"},
				},
				{
					Provider: "franceconnect", Login: "ana", Name: "Ana SILVA", Role: "unknown", Note: "née à l'étranger",
					Traits: Traits{Family: "SILVA", Given: "Ana", Birthdate: "1980-05-17", Gender: "female", Birthplace: "99139"},
				},
			}
		},
	}
}

// programsFolder holds this test binary under the programs' names.
func programsFolder(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"guichet", "waf", "idpsim", "supervisor"} {
		if err := os.Symlink(self, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// freePort finds a first port whose derived ports are all free.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		// Away from the ports that the kernel hands out by itself.
		first := 12000 + l.Addr().(*net.TCPAddr).Port%18000
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if p, err := derivePorts(first); err == nil && checkPorts(p) == nil {
			return first
		}
	}
	t.Fatal("no free ports")
	return 0
}

// eventually waits until ok, which a process outside brings about.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(limit)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %s: %s", limit, what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func alive(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(state), ") ")
	return !strings.HasPrefix(after, "Z")
}

// pidOf reads the process number of a service, 0 while there is none.
func pidOf(dir, name string) int {
	content, err := os.ReadFile(filepath.Join(dir, "run", name+".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}

// removeCluster removes a cluster that lies outside of its demo's folder.
func removeCluster(t *testing.T, dir string) {
	t.Helper()
	t.Cleanup(func() {
		target, err := os.Readlink(filepath.Join(dir, clusterName))
		if err != nil {
			return // it lies inside
		}
		if err := os.RemoveAll(target); err != nil {
			t.Error(err)
		}
	})
}

// running is a demo under test.
type runningDemo struct {
	dir   string
	calls *calls
	out   *output
	stop  func() error
}

// output collects what is said, for several goroutines.
type output struct{ lines chan string }

func (o *output) Write(p []byte) (int, error) {
	select {
	case o.lines <- string(p):
	default:
		return 0, io.ErrShortBuffer
	}
	return len(p), nil
}

// text is what has been said since it was last asked.
func (o *output) text() string {
	var b strings.Builder
	for {
		select {
		case line := <-o.lines:
			b.WriteString(line)
		default:
			return b.String()
		}
	}
}

// runDemo starts a demo and waits until it is ready.
func runDemo(t *testing.T, o Options) *runningDemo {
	t.Helper()
	r := &runningDemo{dir: o.Dir, calls: &calls{}, out: &output{lines: make(chan string, 1000)}}
	o.Out, o.Steps = r.out, r.calls.steps()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	removeCluster(t, o.Dir)
	eventually(t, time.Minute, "ready.json", func() bool {
		select {
		case err := <-ended:
			stopped = true
			cancel()
			t.Fatalf("the demo ended: %v", errors.Join(err, errors.New(r.out.text())))
		default:
		}
		_, err := os.Stat(filepath.Join(o.Dir, "ready.json"))
		return err == nil
	})
	return r
}

// startSupervisor runs a demo in a process of its own.
func startSupervisor(t *testing.T, dir string, port int, programs string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "supervisor"), dir, strconv.Itoa(port), programs)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	removeCluster(t, dir)
	eventually(t, time.Minute, "ready.json", func() bool {
		_, err := os.Stat(filepath.Join(dir, "ready.json"))
		return err == nil
	})
	return cmd
}
