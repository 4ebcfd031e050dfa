package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"guichet/store/pgtest"
)

const (
	termLimit = 20 * time.Second // to finish what is under way
	killLimit = 10 * time.Second
)

// postgresService is the private cluster. What it says goes to log/postgres.log.
func (d *demo) postgresService() service {
	log := d.folder.path("log", "postgres.log")
	return service{name: "postgres", log: log, start: func(ctx context.Context) (running, error) {
		if d.cluster != nil {
			return d.cluster, d.cluster.Restart(ctx)
		}
		file, err := openLog(log)
		if err != nil {
			return nil, err
		}
		cluster, err := pgtest.Start(ctx, pgtest.Options{Bin: d.postgres, Data: d.data, Sockets: d.sockets, Log: file})
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		d.cluster = cluster // once, before anything else runs
		return cluster, nil
	}}
}

// program is one of ours, run with its configuration: guichet.toml for guichet
// serve, waf.toml for waf.
func (d *demo) program(name, program string, command ...string) service {
	args := append(command, "--config", d.folder.path(program+".toml"))
	return programService(name, filepath.Join(d.programs, program), args, d.folder.path("log", name+".log"))
}

func programService(name, path string, args []string, log string) service {
	return service{name: name, log: log, start: func(context.Context) (running, error) {
		file, err := openLog(log)
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(path, args...) // #nosec G204 -- our own programs
		cmd.Dir = filepath.Dir(log)
		cmd.Env = environment(os.Environ())
		cmd.Stdout, cmd.Stderr = file, file
		// Killed with the supervisor: what cannot be caught cannot hang.
		p, err := pgtest.Spawn(cmd, syscall.SIGKILL)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		return process{p}, nil
	}}
}

// environment is what a program gets of ours: no variable that would override
// the configuration written for it, or lead PostgreSQL's clients elsewhere.
func environment(ours []string) []string {
	var kept []string
	for _, entry := range ours {
		if !strings.HasPrefix(entry, "GUICHET_") && !strings.HasPrefix(entry, "PG") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// process adds to a child how ours are stopped.
type process struct{ *pgtest.Process }

// Stop lets the program finish what is under way.
func (p process) Stop() error {
	err := p.End(syscall.SIGTERM, termLimit)
	if err != nil {
		err = errors.Join(err, p.End(syscall.SIGKILL, killLimit))
	}
	return err
}

// largestLog is how far a log may grow before the next start of its service
// sets it aside; one older log is kept.
const largestLog = 8 << 20

func openLog(path string) (*os.File, error) {
	if found, err := os.Stat(path); err == nil && found.Size() > largestLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("set log aside: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) // #nosec G304 -- one of our logs
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return file, nil
}

// lastWords is the end of a log: why its service gave up.
func lastWords(path string) string {
	file, err := os.Open(path) // #nosec G304 -- one of our logs
	if err != nil {
		return "it left no log"
	}
	defer func() { _ = file.Close() }()
	const enough = 2 << 10
	if found, err := file.Stat(); err == nil && found.Size() > enough {
		if _, err := file.Seek(-enough, io.SeekEnd); err != nil {
			return "see " + path
		}
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return "see " + path
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return lines[len(lines)-1] + " (see " + path + ")"
}
