package pgtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childVariable makes the test binary play a part of its own when the tests
// start it again.
const childVariable = "PGTEST_PART"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "starter" {
		os.Exit(starter())
	}
	os.Exit(m.Run())
}

// starter starts a cluster, says where, and waits to be killed or, at the end
// of its input, stops it.
func starter() int {
	c, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	psql := exec.Command(c.Bin()+"/psql", "-XAtqw", "-c", "SELECT current_user", c.URL("postgres", "postgres"))
	psql.Dir = "/"
	answer, err := psql.CombinedOutput()
	fmt.Printf("%d %s %s %v\n", c.PID(), c.data, bytes.TrimSpace(answer), err)
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	if err := c.Stop(); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

type started struct {
	cmd    *exec.Cmd
	output *bufio.Scanner
	hold   func() error // ends its input
	pid    int          // of the postmaster
	data   string
	user   string
}

// startAgain runs this test binary as a starter, as another system user where
// one is given.
func startAgain(t *testing.T, as *syscall.Credential) started {
	t.Helper()
	// Not its path: the other user may not enter the folder of the binary.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"=starter")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := started{cmd: cmd, output: bufio.NewScanner(out), hold: in.Close}
	if !s.output.Scan() {
		t.Fatal("the starter said nothing")
	}
	fields := strings.Fields(s.output.Text())
	if len(fields) != 4 || fields[3] != "<nil>" {
		t.Fatalf("the starter said %q", s.output.Text())
	}
	if s.pid, err = strconv.Atoi(fields[0]); err != nil {
		t.Fatal(err)
	}
	s.data, s.user = fields[1], fields[2]
	return s
}

// ordinaryUser is a user without privileges when the tests run as root, and
// nil, the tests' own user, otherwise.
func ordinaryUser(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func TestAnOrdinaryUserRunsAClusterFromAFolderClosedToThem(t *testing.T) {
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(closed)
	as := ordinaryUser(t)
	s := startAgain(t, as)
	if s.user != "postgres" {
		t.Errorf("came as %q, want the superuser", s.user)
	}
	want := os.Geteuid()
	if as != nil {
		want = int(as.Uid)
	}
	if owner := ownerOf(t, s.data); owner != want {
		t.Errorf("the data belong to user %d, want %d", owner, want)
	}
	if err := s.hold(); err != nil {
		t.Fatal(err)
	}
	for s.output.Scan() {
		t.Error(s.output.Text())
	}
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.data); err == nil {
		t.Error("the data are still there")
	}
}

func TestRootRunsAClusterAsAnotherUser(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	if owner := ownerOf(t, c.Data()); owner == 0 {
		t.Error("the data belong to root")
	}
}

func TestKillingTheStarterEndsTheCluster(t *testing.T) {
	t.Parallel()
	s := startAgain(t, nil)
	if !alive(s.pid) {
		t.Fatal("the postmaster does not run")
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // killed
	eventually(t, "the cluster ended", func() bool { return !alive(s.pid) && len(processesIn(s.data)) == 0 })

	// Another test's sweep may hold the folder's lock just now.
	eventually(t, "the folder of the killed process was swept away", func() bool {
		sweep(temporaryRoot)
		_, err := os.Stat(s.data)
		return errors.Is(err, os.ErrNotExist)
	})
}

func TestEndSaysWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", "trap '' TERM; echo ready; while :; do read -r line || exit; done")
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Close() }()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Spawn(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the shell said %q, %v", line, err)
	}
	if err := p.End(syscall.SIGTERM, 50*time.Millisecond); err == nil {
		t.Error("a process that ignores the signal ended")
	}
	if err := p.End(syscall.SIGKILL, 10*time.Second); err != nil {
		t.Error(err)
	}
	if p.Err() == nil {
		t.Error("a killed process ended well")
	}
}

func ownerOf(t *testing.T, path string) int {
	t.Helper()
	found, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	owner, ok := found.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no owner")
	}
	return int(owner.Uid)
}

func itoa(n int) string { return strconv.Itoa(n) }

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
