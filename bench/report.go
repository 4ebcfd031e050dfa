package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// series is one measure, taken several times.
type series []float64

func (s *series) add(v float64) { *s = append(*s, v) }

// over divides round by round, so that what slows a whole round down, slows
// both sides.
func (s series) over(other series) series {
	ratios := make(series, len(s))
	for i := range s {
		ratios[i] = s[i] / other[i]
	}
	return ratios
}

func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// row is a line of the table. A target has a bound in least or in most.
type row struct {
	what, target, clients string
	least, most           float64
	of                    series
	digits                int
}

func (r row) verdict() string {
	if len(r.of) == 0 || r.target == "" {
		return "–"
	}
	if m := r.of.median(); r.least > 0 && m < r.least || r.most > 0 && m > r.most {
		return "**missed**"
	}
	return "met"
}

func (r row) measured() string {
	if len(r.of) == 1 {
		return number(r.of[0], r.digits)
	}
	return fmt.Sprintf("%s [%s..%s]", number(r.of.median(), r.digits), number(slices.Min(r.of), r.digits), number(slices.Max(r.of), r.digits))
}

func number(v float64, digits int) string {
	scale := math.Pow10(digits)
	return strconv.FormatFloat(math.Round(v*scale)/scale, 'f', digits, 64)
}

// report is what was measured, and in what circumstances.
type report struct {
	at       time.Time
	postgres string // its version
	load     string // average, when it began
	took     time.Duration
	table    []row
}

func (r *report) add(line row) { r.table = append(r.table, line) }

const explanation = `
- One machine runs all: PostgreSQL with durable settings (fsync, full_page_writes, synchronous_commit on; 64 MB of shared buffers), the real programs with
  their own settings, and the clients. Other work on it, and the clients themselves, slow everything down: **trust the ratios**, which are taken within a round,
  both sides one after the other, the order changed each time; median [least..most] of the rounds.
- The page is ` + "`GET /reports/{id}`" + ` with 20 results in 7 panels, their earlier results and a PDF, read by %d signed-in patients in turn: HTTP/1.1 over TLS 1.3 with the
  firewall's certificate, kept connections, straight to the portal (` + "`guichet serve`" + `, all listeners). Each window lasts %.1f s. Every traced page was counted in the trace.
- Untraced is the same program on a copy of the database in which three functions were replaced after its start (bench/untraced.sql): session and grant are
  decided once, nothing is written, awaited or compared, rows are selected by report. Still two round trips, and the page is the same.
- pgbench runs as ` + "`-M prepared -j 2`" + ` over the same socket, %d s, of which the first is not counted.
- Deposits are messages of 20 results with a PDF, over MLLP with mutual TLS, each answered AA after its commit. pgbench sends as many bytes of bodies as
  parameters and inserts as many rows into the same tables, in one statement and one commit where the product finds the patient first and has two.
- A sign-in goes from /login through the form of the fictitious FranceConnect+, which signs and encrypts twice, to the answer to the callback. What the provider
  takes to answer Guichet is measured before it and taken out of the callback's time.
`

// markdown is the whole report.
func (r *report) markdown(p plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What Guichet costs\n\nWritten by `make bench` on %s, in %.0f s.\n\n", r.at.Format("2006-01-02 15:04"), r.took.Seconds())
	fmt.Fprintf(&b, "Machine: %d cores, %s, %s of memory; %s, %s. Load average %s before, %s after.\n", runtime.NumCPU(), fromProc("/proc/cpuinfo", "model name"),
		fromProc("/proc/meminfo", "MemTotal"), r.postgres, runtime.Version(), r.load, loadAverage())
	fmt.Fprintf(&b, explanation, p.patients, p.window.Seconds(), pgbenchSeconds)
	b.WriteString("\n| what | target | measured | rounds | clients | verdict |\n|---|---|---|---|---|---|\n")
	for _, line := range r.table {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s |\n", line.what, line.target, line.measured(), len(line.of), line.clients, line.verdict())
	}
	return b.String()
}

// fromProc is the first value of a name in a file of the kernel's.
func fromProc(file, name string) string {
	text, err := os.ReadFile(file) // #nosec G304 -- named above
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
