// Command bench measures Guichet: a traced page against the same page without
// its trace, against the database alone, behind the firewall; deposits; memory;
// what a page weighs. Nearly all of it is told as a ratio of two things done in
// turns on the same machine, since machines differ and are never quiet.
//
// It runs the real programs against a throw-away PostgreSQL cluster with
// durable settings. What is left out for a comparison is left out of a scratch
// database, never of the product. It prints a table and writes RESULTS.md
// beside itself. Run it from the repository: go run ./bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// plan says how long and how often to measure.
type plan struct {
	patients    int           // whose pages are read, each with a session
	window      time.Duration // of one measurement
	levels      []level       // of the page
	deposits    []level
	firewall    level
	log         int // how often the log is measured
	memoryPages int // served before memory is looked at again
}

// level is a number of clients, and how often it is measured.
type level struct {
	clients, rounds int
	pgbench         bool // beside the page; the role may have 64 connections
}

var (
	fullPlan = plan{patients: 64, window: 1500 * time.Millisecond, levels: []level{{1, 5, false}, {8, 7, true}, {32, 9, true}, {128, 5, false}},
		deposits: []level{{1, 5, true}, {8, 5, true}}, firewall: level{clients: 8, rounds: 5}, log: 3, memoryPages: 20_000}
	quickPlan = plan{patients: 16, window: 800 * time.Millisecond, levels: []level{{8, 2, true}, {32, 4, true}},
		deposits: []level{{8, 2, true}}, firewall: level{clients: 8, rounds: 2}, log: 1, memoryPages: 2_000}
)

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "a minute instead of six, for those who are changing something; writes no file")
	only := flags.String("only", "", "measure only these `parts`, and pages and deposits with some clients only, as in pages:32,deposits:1; writes no file")
	profile := flags.String("profile", "", "instead of the table, write a CPU profile of the server at 32 clients to this `file`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	p := fullPlan
	if *quick {
		p = quickPlan
	}
	parts, err := p.narrow(*only)
	if err != nil {
		return err
	}
	began := time.Now()
	g, err := prepare(ctx, p, progress)
	if err != nil {
		return err
	}
	defer g.close()
	if *profile != "" {
		return g.profile(ctx, *profile)
	}
	report, err := g.measure(ctx, parts)
	if err != nil {
		return err
	}
	report.took = time.Since(began)
	text := report.markdown(p)
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if *quick || *only != "" {
		return nil
	}
	return os.WriteFile(filepath.Join(g.root, "bench", "RESULTS.md"), []byte(text), 0o644) // #nosec G306 -- meant to be read
}

// measure fills the table, in an order in which no measurement changes what a
// later one reads: deposits come last.
func (g *ground) measure(ctx context.Context, parts []part) (*report, error) {
	version, err := exec.CommandContext(ctx, filepath.Join(g.cluster.Bin(), "postgres"), "--version").Output() // #nosec G204 -- the server's own program
	if err != nil {
		return nil, fmt.Errorf("ask for PostgreSQL's version: %w", err)
	}
	r := &report{at: time.Now(), postgres: strings.TrimSpace(string(version)), load: loadAverage()}
	for _, part := range parts {
		g.say("measuring: " + part.name)
		if err := part.run(g, ctx, r); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return r, nil
}
