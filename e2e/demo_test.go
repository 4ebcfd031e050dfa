package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ready is what ready.json says, as far as the tests need it.
type ready struct {
	URLs struct {
		Public          string `json:"public"`
		FHIR            string `json:"fhir"`
		Ops             string `json:"ops"`
		FranceConnect   string `json:"franceconnect"`
		ProSanteConnect string `json:"proSanteConnect"`
	} `json:"urls"`
	MLLP string `json:"mllp"`
	CA   string `json:"ca"`
	Feed struct {
		Cert string `json:"cert"`
		Key  string `json:"key"`
	} `json:"feed"`
	Database struct {
		Owner  string `json:"owner"`
		Portal string `json:"portal"`
		Intake string `json:"intake"`
	} `json:"database"`
	People []person `json:"people"`
	Traces struct {
		PublicKey   string `json:"publicKey"`   // file
		Checkpoints string `json:"checkpoints"` // folder
	} `json:"traces"`
	Config string `json:"config"`
}

// person is somebody fictitious who can sign in.
type person struct {
	Provider string `json:"provider"`
	Login    string `json:"login"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Traits   struct {
		Family     string `json:"family"`
		Given      string `json:"given"`
		Birthdate  string `json:"birthdate"`
		Gender     string `json:"gender"`
		Birthplace string `json:"birthplace"`
		Local      string `json:"local"`
		INS        string `json:"ins"`
	} `json:"traits"`
}

// demo is one running demonstration, in a folder and on ports of its own.
type demo struct {
	Ready ready

	dir  string // --dir
	port int    // --port
	log  string // what the demo itself prints

	command *exec.Cmd
	*child
}

const (
	firstPort, lastPort = 10_000, 30_000 // below the ports the system gives to clients
	consoleDistance     = 1000
	stopLimit           = 45 * time.Second
)

// startDemo starts a demo in a new folder and returns when it is ready. The
// caller stops it; the kernel does when the test process dies, by a panic or
// a time-out too.
func startDemo(ctx context.Context) (*demo, error) {
	dir, err := os.MkdirTemp(suite.folder, "d")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // #nosec G302 -- passing through, not reading
		return nil, fmt.Errorf("open folder: %w", err)
	}
	for {
		d := &demo{dir: filepath.Join(dir, "demo"), log: filepath.Join(dir, "demo.log")}
		err := d.start(ctx)
		if err == nil {
			return d, nil
		}
		err = errors.Join(err, d.stop())
		// Somebody else may take a port between our look and the demo's.
		if out, _ := os.ReadFile(d.log); ctx.Err() != nil || !bytes.Contains(out, []byte("is taken")) {
			return nil, fmt.Errorf("%w\n%s", err, d.lastWords())
		}
	}
}

// newDemo starts a demo for one test, which ends with it.
func newDemo(t *testing.T) *demo {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d, err := startDemo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(d.lastWords())
		}
	})
	return d
}

func (d *demo) start(ctx context.Context) error {
	var err error
	if d.port, err = freePorts(ctx); err != nil {
		return err
	}
	output, err := os.Create(d.log)
	if err != nil {
		return fmt.Errorf("make log: %w", err)
	}
	defer func() { _ = output.Close() }() // the demo has it now
	d.command = exec.Command(filepath.Join(suite.programs, "guichet"), "demo", "--dir", d.dir, "--port", strconv.Itoa(d.port))
	d.command.Stdout, d.command.Stderr = output, output
	if d.child, err = startChild(d.command); err != nil {
		return fmt.Errorf("start demo: %w", err)
	}
	return d.await(ctx)
}

// child is a process that ends with us.
type child struct {
	ended chan struct{}
	err   error // of Wait; read after ended is closed
}

// startChild starts a command. Ctrl-C reaches us alone; our death, however it
// comes, stops the child.
func startChild(command *exec.Cmd) (*child, error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	c := &child{ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death signal follows the thread that forked
		defer close(c.ended)
		err := command.Start()
		started <- err
		if err == nil {
			c.err = command.Wait()
		}
	}()
	return c, <-started
}

// await reads ready.json once it is there.
func (d *demo) await(ctx context.Context) error {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		content, err := os.ReadFile(filepath.Join(d.dir, "ready.json"))
		if err == nil {
			if err := json.Unmarshal(content, &d.Ready); err != nil {
				return fmt.Errorf("read ready.json: %w", err)
			}
			return nil
		}
		select {
		case <-d.ended:
			return fmt.Errorf("demo ended before it was ready: %w", d.err)
		case <-ctx.Done():
			return fmt.Errorf("demo is not ready: %w", ctx.Err())
		case <-look.C:
		}
	}
}

// stop ends the demo as people do, and kills it only where that fails.
func (d *demo) stop() error {
	if d.command == nil || d.command.Process == nil {
		return nil
	}
	_ = d.command.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-d.ended:
	case <-time.After(stopLimit):
		_ = d.command.Process.Kill()
		<-d.ended
		return fmt.Errorf("demo did not stop within %s", stopLimit)
	}
	if d.err != nil {
		return fmt.Errorf("demo ended: %w", d.err)
	}
	return nil
}

// pid is the process of one of the demo's services: serve, waf, idpsim or
// postgres.
func (d *demo) pid(t *testing.T, service string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(d.dir, "run", service+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// kill ends a service without a word, and returns when it is gone.
func (d *demo) kill(t *testing.T, service string) {
	t.Helper()
	if err := syscall.Kill(d.pid(t, service), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// people returns those of some roles, in the order of ready.json.
func (d *demo) people(t *testing.T, roles ...string) []person {
	t.Helper()
	var found []person
	for _, p := range d.Ready.People {
		if slices.Contains(roles, p.Role) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatalf("ready.json has nobody who is one of %v", roles)
	}
	return found
}

// logs are what the demo and its services have written.
func (d *demo) logs(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(d.dir, "log", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("find logs: %d, %v", len(paths), err)
	}
	contents := make(map[string][]byte)
	for _, path := range append(paths, d.log) {
		if contents[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return contents
}

// lastWords is the end of every log, for whoever reads a failed run.
func (d *demo) lastWords() string {
	const enough = 8 // lines
	logs, _ := filepath.Glob(filepath.Join(d.dir, "log", "*.log"))
	var b strings.Builder
	for _, path := range append(logs, d.log) {
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(content)), "\n")
		fmt.Fprintf(&b, "--- the end of %s\n%s\n", path, strings.Join(lines[max(0, len(lines)-enough):], "\n"))
	}
	return b.String()
}

// freePorts returns a first port with which all the demo's listeners are free.
func freePorts(ctx context.Context) (int, error) {
	for ctx.Err() == nil {
		first := firstPort + rand.IntN(lastPort-firstPort)
		if allFree(first) {
			return first, nil
		}
	}
	return 0, fmt.Errorf("find free ports: %w", ctx.Err())
}

func allFree(first int) bool {
	for _, distance := range []int{0, 1, 2, 3, 4, 5, consoleDistance} {
		for _, host := range []string{"127.0.0.1", "::1"} {
			l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(first+distance)))
			if err == nil {
				err = l.Close()
			}
			if err != nil && (host == "127.0.0.1" || errors.Is(err, syscall.EADDRINUSE)) {
				return false // this machine may have no IPv6
			}
		}
	}
	return true
}
