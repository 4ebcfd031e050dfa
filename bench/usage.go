package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which the kernel counts a process's time (USER_HZ).
const tick = 10 * time.Millisecond

// cpu is what a process has used. With dead, also what its children used
// that have ended.
func cpu(pid int, dead bool) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	used := fields[11:13] // utime, stime; counted from the state
	if dead {
		used = fields[11:15] // cutime, cstime too
	}
	var ticks int64
	for _, field := range used {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read times of process: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// stat returns the fields of /proc/PID/stat after the name, which may hold
// anything.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil, fmt.Errorf("read times of process: %w", err)
	}
	line := string(text)
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 15 {
		return nil, errors.New("read times of process: line too short")
	}
	return fields, nil
}

// familyCPU is what a server and all its children have used.
func familyCPU(server int) (time.Duration, error) {
	total, err := cpu(server, true)
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		fields, err := stat(pid)
		if err != nil || fields[1] != strconv.Itoa(server) {
			continue // ended meanwhile, or another's child
		}
		if used, err := cpu(pid, false); err == nil {
			total += used
		}
	}
	return total, nil
}

// resident is the memory of a process that is in RAM, in MB: now, and at most
// so far.
func resident(pid int) (now, most float64, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, 0, fmt.Errorf("read memory of process: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		if name != "VmRSS" && name != "VmHWM" {
			continue
		}
		kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read memory of process: %w", err)
		}
		if name == "VmRSS" {
			now = kib * 1024 / 1e6
		} else {
			most = kib * 1024 / 1e6
		}
	}
	return now, most, nil
}
