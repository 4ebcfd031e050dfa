package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childLimit is from the supervisor's death to that of all it started.
const childLimit = 10 * time.Second

// TestSupervisorKilled kills the demo itself: what it started ends with it, and
// the next start finds all data.
func TestSupervisorKilled(t *testing.T) {
	d := newDemo(t)
	p := d.people(t, "patient")[0]
	const value = "4100000001"
	if a := d.sendHL7(t, singleResult(p, "SUPERVISOR1", value).bytes()); a.code != "AA" {
		t.Fatalf("answer %s, want AA", a.code)
	}
	reports := d.signedIn(t, p).get("/reports").reports(t)
	before := d.stored(t)
	children := d.descendants(t)
	if len(children) < 4 {
		t.Fatalf("%d processes below the demo, want serve, waf, idpsim and postgres at least", len(children))
	}

	if err := d.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-d.ended
	deadline := time.Now().Add(childLimit)
	for len(children) > 0 && time.Now().Before(deadline) {
		pause(20 * time.Millisecond)
		children = slices.DeleteFunc(children, func(c process) bool { return !c.lives() })
	}
	for _, c := range children {
		t.Errorf("%s (%d) outlives the supervisor by %s", c.name, c.pid, childLimit)
	}

	// The killed demo could not take it away.
	if err := os.Remove(filepath.Join(d.dir, "ready.json")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := d.startAgain(ctx); err != nil {
		t.Fatalf("start after a kill: %v", err)
	}
	if after := d.stored(t); after != before {
		t.Errorf("stored %+v after the kill, want %+v as before", after, before)
	}
	c := d.signedIn(t, p)
	if again := c.get("/reports").reports(t); !slices.Equal(again, reports) {
		t.Errorf("%d reports after the kill, want the same %d", len(again), len(reports))
	}
	if values := c.get(reports[0]).values(t, countedCode); !slices.Equal(values, []string{value}) {
		t.Errorf("the newest report shows %v, want %s", values, value)
	}
	d.checkDeposits(t)
}

// startAgain starts a demo that has ended in the same folder and on the same
// ports.
func (d *demo) startAgain(ctx context.Context) error {
	output, err := os.OpenFile(d.log, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer func() { _ = output.Close() }()                          // the demo has it now
	command := exec.Command(d.command.Path, d.command.Args[1:]...) // #nosec G204 -- as before
	command.Stdout, command.Stderr = output, output
	if d.child, err = startChild(command); err != nil {
		return fmt.Errorf("start demo: %w", err)
	}
	d.command = command
	return d.await(ctx)
}

// process is a process of this machine, told from a later one of its number by
// when it began.
type process struct {
	pid    int
	name   string
	parent int
	began  string
}

// descendants are the processes that the demo started, and theirs.
func (d *demo) descendants(t *testing.T) []process {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var all []process
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := processOf(pid); ok {
				all = append(all, p)
			}
		}
	}
	family := map[int]bool{d.command.Process.Pid: true}
	var found []process
	for range 4 { // generations
		for _, p := range all {
			if family[p.parent] && !family[p.pid] {
				family[p.pid] = true
				found = append(found, p)
			}
		}
	}
	return found
}

// processOf reads /proc/PID/stat (proc(5)): the name is in parentheses, and may
// hold some.
func processOf(pid int) (process, bool) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, false
	}
	head, tail, _ := strings.Cut(string(content), "(")
	end := strings.LastIndex(tail, ")")
	fields := strings.Fields(tail[end+1:])
	if head == "" || len(fields) < 20 || fields[0] == "Z" {
		return process{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, false
	}
	return process{pid: pid, name: tail[:end], parent: parent, began: fields[19]}, true
}

func (p process) lives() bool {
	now, ok := processOf(p.pid)
	return ok && now.began == p.began && syscall.Kill(p.pid, 0) == nil
}
