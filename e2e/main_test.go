package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// suite is what TestMain made for all tests.
var suite struct {
	folder   string // short, below /tmp, and open to the user PostgreSQL runs as
	programs string // folder of guichet, waf and idpsim
	demo     *demo  // of all tests: one that kills what others need starts its own
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	} else {
		code = m.Run()
	}
	if suite.demo != nil {
		if err := suite.demo.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			code = 1
		}
		if code != 0 {
			fmt.Fprint(os.Stderr, suite.demo.lastWords())
		}
	}
	if err := os.RemoveAll(suite.folder); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: remove folder:", err)
		code = 1
	}
	return code
}

// prepare builds the programs and starts the demo of all tests.
func prepare() error {
	folder, err := os.MkdirTemp("/tmp", "guichet-e2e-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	suite.folder, suite.programs = folder, filepath.Join(folder, "bin")
	// Run by root, PostgreSQL has a user of its own, who must get in.
	if err := os.Chmod(folder, 0o711); err != nil { // #nosec G302 -- passing through, not reading
		return fmt.Errorf("open folder: %w", err)
	}
	if err := os.Mkdir(suite.programs, 0o755); err != nil { // #nosec G301 -- programs, no data
		return fmt.Errorf("make folder: %w", err)
	}
	if err := build(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	suite.demo, err = startDemo(ctx)
	return err
}

// build makes the programs as `make build` does.
func build() error {
	for _, arguments := range [][]string{
		{"./cmd/guichet", "./cmd/idpsim"},
		{"-tags", "no_fs_access", "./cmd/waf"},
	} {
		command := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false", "-o", suite.programs}, arguments...)...)
		command.Dir = ".."
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("build programs: %w\n%s", err, out)
		}
	}
	return nil
}
