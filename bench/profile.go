package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// profiler is one more file of cmd/guichet, which the product does not have:
// it writes a CPU profile between two signals.
//
//go:embed testdata/profiler.go
var profiler string

const profileTime = 10 * time.Second

// profile builds guichet with the profiler, puts it in the place of the one on
// the traced database, and reads pages while it writes to file.
func (g *ground) profile(ctx context.Context, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if err := g.buildProfiled(ctx); err != nil {
		return err
	}
	if err := g.programs[traced].stop(); err != nil {
		return err
	}
	delete(g.programs, traced)
	started, err := start(ctx, g.path("guichet-profiled"), []string{"serve", "--config", g.path(traced + ".toml")}, g.path("profiled.log"), g.ports["ops"], "PROFILE="+file)
	if err != nil {
		return err
	}
	g.programs[traced] = started
	c, err := g.gather("portal", targetClients)
	if err != nil {
		return err
	}
	if _, err := c.read(ctx, time.Second); err != nil {
		return err
	}
	pid := started.process.PID()
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("begin profile: %w", err)
	}
	y, err := c.read(ctx, profileTime)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("end profile: %w", err)
	}
	g.say(fmt.Sprintf("%.0f pages/s", y.rate()))
	return errors.Join(c.disperse(), awaitFile(ctx, file))
}

// buildProfiled adds the file by an overlay: nothing is written to the
// repository.
func (g *ground) buildProfiled(ctx context.Context) error {
	if err := os.WriteFile(g.path("profiler.go"), []byte(profiler), 0o600); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(g.root, "cmd", "guichet", "profiler.go"): g.path("profiler.go")}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(g.path("overlay.json"), overlay, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", g.path("overlay.json"), "-buildvcs=false", "-o", g.path("guichet-profiled"), "./cmd/guichet") // #nosec G204 -- fixed but for our own folder
	cmd.Dir = g.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build with profiler: %w: %s", err, out)
	}
	return nil
}

// awaitFile waits until a file has something in it.
func awaitFile(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, errors.New("no profile was written"))
	defer cancel()
	for {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(poll):
		}
	}
}
