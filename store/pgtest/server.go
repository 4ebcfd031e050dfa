package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errInUse means that the data folder is still held, by a server that is
// ending or by backends that a killed postmaster left behind.
var errInUse = errors.New("the data folder is in use")

// create makes the cluster with initdb, or as a copy of its primary, unless it
// exists. A cluster appears whole or not at all: what was cut short leaves
// nothing that a later start would take for one.
func (c *Cluster) create(ctx context.Context) error {
	if _, err := os.Lstat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return nil
	}
	unfinished := c.data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove unfinished cluster: %w", err)
	}
	// #nosec G301 -- the server's user passes through
	if err := os.MkdirAll(filepath.Dir(c.data), 0o711); err != nil {
		return fmt.Errorf("make parent of data folder: %w", err)
	}
	if err := c.account.makeFolder(unfinished); err != nil {
		return err
	}
	if !Reachable(unfinished) {
		return fmt.Errorf("the user %s, as whom PostgreSQL runs, may not enter %s", c.account.name, filepath.Dir(c.data))
	}
	program, args := c.creation(unfinished)
	if c.temporary != nil {
		args = append(args, "--no-sync") // nobody wants it back after a power cut
	}
	if out, err := c.output(ctx, program, args...); err != nil {
		return errors.Join(fmt.Errorf("%s: %w: %s", program, err, reason(out)), os.RemoveAll(unfinished))
	}
	if c.primary != nil {
		if err := c.account.writeFile(filepath.Join(unfinished, "standby.signal"), nil); err != nil {
			return err
		}
	}
	if err := os.Rename(unfinished, c.data); err != nil {
		return fmt.Errorf("place data folder: %w", err)
	}
	return nil
}

// creation is the program that fills a new cluster's folder.
func (c *Cluster) creation(folder string) (program string, args []string) {
	if c.primary != nil {
		return "pg_basebackup", []string{"--pgdata=" + folder, "--dbname=" + c.primary.URL("postgres", "postgres"), "--checkpoint=fast"}
	}
	return "initdb", []string{
		"--pgdata=" + folder, "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
		"--data-checksums", "--auth-local=peer", "--auth-host=scram-sha-256", "--no-instructions",
	}
}

// launch starts the server and waits until it accepts connections.
func (c *Cluster) launch(ctx context.Context) error {
	cmd := c.command("postgres", "-D", c.data)
	reader, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make log pipe: %w", err)
	}
	cmd.Stderr = writer
	server, err := Spawn(cmd, syscall.SIGQUIT) // immediate shutdown: ends whatever hangs; the next start recovers
	writeErr := writer.Close()
	if err = errors.Join(err, writeErr); err != nil {
		return errors.Join(err, reader.Close())
	}
	last := &tail{}
	// Read apart from Wait: orphaned backends may hold the pipe long after the
	// postmaster's death, which must be noticed at once.
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.MultiWriter(c.log, last), reader)
		_ = reader.Close()
	}()

	c.mu.Lock()
	c.server = server
	c.mu.Unlock()
	for {
		select {
		case <-server.Done():
			select {
			case <-read:
			case <-time.After(5 * poll): // orphans hold the pipe
			}
			return last.explain()
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), server.End(syscall.SIGQUIT, quitLimit))
		case <-time.After(poll):
		}
		if acceptsConnections(c.data, server.PID()) {
			return nil
		}
	}
}

// acceptsConnections reads the state that the server keeps in its lock file, as
// pg_ctl does.
func acceptsConnections(data string, pid int) bool {
	lines := lockFile(data)
	return len(lines) >= 8 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

func lockFile(data string) []string {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid")) // #nosec G304 -- the caller names the folder
	if err != nil {
		return nil
	}
	return strings.Split(string(content), "\n")
}

// command prepares a server program: as the cluster's user, in a folder that
// user may enter, and deaf to the PG… variables of whoever called.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...) // #nosec G204 -- the server's own programs
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + c.bin + ":/usr/bin:/bin", "LC_ALL=C.UTF-8", "LC_MESSAGES=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.account.credential}
	return cmd
}

// output runs a program to its end and returns what it wrote.
func (c *Cluster) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := c.command(name, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := Spawn(cmd, syscall.SIGKILL)
	if err != nil {
		return "", err
	}
	select {
	case <-p.Done():
		return out.String(), p.Err()
	case <-ctx.Done():
		return "", errors.Join(context.Cause(ctx), p.End(syscall.SIGKILL, quitLimit))
	}
}

// tail keeps the server's last words, to say why it did not start.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > tailSize {
		t.text = t.text[len(t.text)-tailSize:]
	}
	return len(p), nil
}

// explain turns the last words of a server that ended into an error.
func (t *tail) explain() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := string(t.text)
	if strings.Contains(text, "pre-existing shared memory block") ||
		strings.Contains(text, `"postmaster.pid" already exists`) {
		return fmt.Errorf("postgres: %w", errInUse)
	}
	return fmt.Errorf("postgres ended: %s", reason(text))
}

// reason picks from what the server's programs write why they gave up: the
// line that is fatal and the one before it, which often names the culprit.
func reason(text string) string {
	var said []string
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.Contains(line, "HINT:") {
			continue
		}
		said = append(said, line)
		if strings.Contains(line, "FATAL:") || strings.Contains(line, "error:") {
			break
		}
	}
	if len(said) == 0 {
		return "it said nothing"
	}
	return strings.Join(said[max(0, len(said)-2):], "; ")
}
