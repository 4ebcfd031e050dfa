package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"guichet/store/pgtest"
)

const (
	startLimit = 30 * time.Second
	stopLimit  = 15 * time.Second
	poll       = 20 * time.Millisecond
)

// program is a child that ends with this process.
type program struct {
	process *pgtest.Process
	log     *os.File
}

// start starts a program, with nothing of our own environment, and waits until
// it listens on address, the last it opens.
func start(ctx context.Context, path string, args []string, log, address string, environment ...string) (*program, error) {
	file, err := os.Create(log) // #nosec G304 -- below our own folder
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...) // #nosec G204 -- built by us
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "TZ=UTC"}, environment...)
	cmd.Stdout, cmd.Stderr = file, file
	process, err := pgtest.Spawn(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p := &program{process: process, log: file}
	if err := p.await(ctx, address); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

func (p *program) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, errors.New("it does not listen"))
	defer cancel()
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.process.Done():
			return fmt.Errorf("it ended: %s", p.lastWords())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(poll):
		}
	}
}

func (p *program) lastWords() string {
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

func (p *program) stop() error {
	select {
	case <-p.process.Done():
		return p.log.Close()
	default:
		return errors.Join(p.process.End(syscall.SIGTERM, stopLimit), p.log.Close())
	}
}
