package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// clearPredecessor removes what keeps a data folder in use although no server
// runs in it: backends whose postmaster was killed, and a lock file whose
// process number now belongs to somebody else. A postmaster that still runs
// is left to end.
func clearPredecessor(data string) error {
	members := processesIn(data)
	if holder := lockHolder(data); holder != 0 {
		if slices.Contains(members, holder) {
			return nil
		}
		if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove stale lock file: %w", err)
		}
	}
	for _, pid := range members {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end orphaned backend: %w", err)
		}
	}
	return nil
}

// lockHolder is the process number in the lock file, 0 without one.
func lockHolder(data string) int {
	lines := lockFile(data)
	if len(lines) == 0 {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(lines[0], "-"))
	if err != nil {
		return 0
	}
	return pid
}

// processesIn lists the PostgreSQL processes that work in the data folder,
// known by their working folder: every one of them stays in it.
func processesIn(data string) []int {
	real, err := filepath.EvalSymlinks(data)
	if err != nil {
		return nil
	}
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return nil
	}
	var found []int
	for _, link := range links {
		if cwd, err := os.Readlink(link); err != nil || cwd != real {
			continue
		}
		process := filepath.Dir(link)
		program, err := os.Readlink(filepath.Join(process, "exe"))
		if err != nil || strings.TrimSuffix(filepath.Base(program), " (deleted)") != "postgres" {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(process)); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
