package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

//go:embed untraced.sql
var untracedFunctions string

// leaveTraceOut replaces three functions in the untraced database and gives them
// the settings that all of the product's have.
func (g *ground) leaveTraceOut(ctx context.Context) error {
	harden, err := os.ReadFile(filepath.Join(g.root, "store", "functions", "_harden.sql"))
	if err != nil {
		return fmt.Errorf("read settings of functions: %w", err)
	}
	if err := g.exec(ctx, untraced, untracedFunctions+string(harden)); err != nil {
		return err
	}
	with, err := g.handedOver(ctx, traced)
	if err != nil {
		return err
	}
	without, err := g.handedOver(ctx, untraced)
	if err != nil {
		return err
	}
	if with != without {
		return fmt.Errorf("the page is not the same: traced it is made of %s, untraced of %s", with, without)
	}
	return nil
}

// handedOver says what the database hands over for one report.
func (g *ground) handedOver(ctx context.Context, database string) (what string, err error) {
	db, err := sql.Open("postgres", g.cluster.URL("guichet_portal", database)+"&sslmode=disable&password="+password)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r := &g.readers[0]
	var entry int64
	if err := db.QueryRowContext(ctx, `SELECT guichet.ask_report($1, '{127.0.0.1}', gen_random_uuid(), $2)`, r.token, r.report.String()).Scan(&entry); err != nil {
		return "", fmt.Errorf("ask in %s: %w", database, err)
	}
	// A first reading may write, and then have to be flushed itself.
	for range 5 {
		if _, err = db.ExecContext(ctx, `SELECT guichet.flush()`); err != nil {
			return "", fmt.Errorf("flush %s: %w", database, err)
		}
		if err = db.QueryRowContext(ctx, `SELECT count(*) || ' rows of ' || sum(octet_length(sealed)) || ' bytes' FROM guichet.receive($1, $2)`, r.token, entry).Scan(&what); err == nil {
			return what, nil
		}
	}
	return "", fmt.Errorf("receive in %s: %w", database, err)
}

const readEntries = `SELECT count(*) FROM guichet.trace WHERE type = 'report.read' AND outcome = 'granted'`

// measurePages reads the same pages with and without their traces, and beside
// them what the database alone does, in turns.
func (g *ground) measurePages(ctx context.Context, r *report) error {
	for _, l := range g.plan.levels {
		if err := g.measurePage(ctx, r, l); err != nil {
			return fmt.Errorf("%d clients: %w", l.clients, err)
		}
	}
	without, err := g.count(ctx, untraced, readEntries)
	if err != nil {
		return err
	}
	if without != 0 {
		return errors.New("the untraced pages left traces")
	}
	return nil
}

// targetClients is with how many clients most is measured.
const targetClients = 32

// targetTraced is the share of the untraced page's throughput that the traced
// one must reach, by clients; targetAlone that of pgbench with the same asks.
var targetTraced = map[int]float64{32: 0.70, 128: 0.75}

const targetAlone = 0.4

func (g *ground) measurePage(ctx context.Context, r *report, l level) error {
	arms := []*arm{{name: traced, listener: "portal"}, {name: untraced, listener: "untraced-portal"}}
	for _, a := range arms {
		var err error
		if a.crowd, err = g.gather(a.listener, l.clients); err != nil {
			return err
		}
		if _, err := a.crowd.read(ctx, g.plan.window/2); err != nil { // plans and pools come to rest
			return err
		}
	}
	before, err := g.count(ctx, traced, readEntries)
	if err != nil {
		return err
	}
	var alone series
	for round := range l.rounds {
		for turn := range arms {
			if err := arms[(turn+round)%len(arms)].measure(ctx, g); err != nil {
				return err
			}
		}
		if !l.pgbench {
			continue
		}
		rate, err := g.pgbench(ctx, direct, "guichet_portal", min(l.clients, spareConnections), g.readScripts)
		if err != nil {
			return err
		}
		alone.add(rate)
	}
	for _, a := range arms {
		if err := a.crowd.disperse(); err != nil {
			return err
		}
	}
	after, err := g.count(ctx, traced, readEntries)
	if err != nil {
		return err
	}
	if after-before != arms[0].pages {
		return fmt.Errorf("%d traced pages left %d traces", arms[0].pages, after-before)
	}
	g.tellPage(r, l, arms[0], arms[1], alone)
	return nil
}

func (g *ground) tellPage(r *report, l level, with, without *arm, alone series) {
	clients := strconv.Itoa(l.clients)
	share := row{what: "page, traced ÷ untraced, throughput", clients: clients, of: with.rates.over(without.rates), digits: 2}
	if least, ok := targetTraced[l.clients]; ok {
		share.target, share.least, share.digits = "≥ "+number(least, 2), least, 3
	}
	r.add(share)
	r.add(row{what: "traced page, pages/s", clients: clients, of: with.rates})
	r.add(row{what: "untraced page, pages/s", clients: clients, of: without.rates})
	if len(alone) > 0 {
		r.add(row{what: "page ÷ pgbench with the same ask and receive", clients: clients, of: with.rates.over(alone), digits: 2, target: "≥ " + number(targetAlone, 1), least: targetAlone})
		r.add(row{what: "pgbench with the same ask and receive, pairs/s", clients: clients, of: alone})
	}
	if l.clients != targetClients {
		return
	}
	for _, a := range []struct {
		name string
		*arm
	}{{"traced", with}, {"untraced", without}} {
		r.add(row{what: a.name + " page, time to answer, median, ms", clients: clients, of: a.median, digits: 1})
		r.add(row{what: a.name + " page, time to answer, 99th percentile, ms", clients: clients, of: a.slow, digits: 1})
		r.add(row{what: a.name + " page, CPU of guichet, µs", clients: clients, of: a.server})
		r.add(row{what: a.name + " page, CPU of PostgreSQL, µs", clients: clients, of: a.database})
		r.add(row{what: a.name + " page, allocations", clients: clients, of: a.allocations})
		r.add(row{what: a.name + " page, allocated, kB", clients: clients, of: a.allocated})
	}
	r.add(row{what: "traced ÷ untraced, CPU of guichet and PostgreSQL", clients: clients, of: with.cpu().over(without.cpu()), digits: 2})
	r.add(row{what: "CPU of the measuring clients, µs a page", clients: clients, of: with.client})
}

// arm is one of two things compared.
type arm struct {
	name, listener           string
	crowd                    *crowd
	pages                    int
	rates, median, slow      series
	server, database, client series // µs of CPU a page
	allocations, allocated   series // a page; number, and kB
}

func (a *arm) cpu() series {
	sum := make(series, len(a.server))
	for i := range sum {
		sum[i] = a.server[i] + a.database[i]
	}
	return sum
}

// measure reads for one window.
func (a *arm) measure(ctx context.Context, g *ground) error {
	before, err := g.look(ctx, a)
	if err != nil {
		return err
	}
	y, err := a.crowd.read(ctx, g.plan.window)
	if err != nil {
		return err
	}
	after, err := g.look(ctx, a)
	if err != nil {
		return err
	}
	pages := float64(y.pages)
	each := func(from, to time.Duration) float64 { return float64((to - from).Microseconds()) / pages }
	a.pages += y.pages
	a.rates.add(y.rate())
	slices.Sort(y.waits)
	a.median.add(float64(y.waits[len(y.waits)/2].Microseconds()) / 1000)
	a.slow.add(float64(y.waits[len(y.waits)*99/100].Microseconds()) / 1000)
	a.server.add(each(before.server, after.server))
	a.database.add(each(before.database, after.database))
	a.client.add(each(before.client, after.client))
	a.allocations.add((after.mallocs - before.mallocs) / pages)
	a.allocated.add((after.bytes - before.bytes) / pages / 1000)
	return nil
}

// counters are what has been used so far.
type counters struct {
	server, database, client time.Duration
	mallocs, bytes           float64
}

func (g *ground) look(ctx context.Context, a *arm) (counters, error) {
	var c counters
	var errs [4]error
	ops := map[string]string{traced: "ops", untraced: "untraced-ops"}[a.name]
	c.mallocs, c.bytes, errs[0] = allocations(ctx, g.ports[ops])
	c.server, errs[1] = cpu(g.programs[a.name].process.PID(), false)
	c.database, errs[2] = familyCPU(g.cluster.PID())
	var own syscall.Rusage
	errs[3] = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	c.client = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	return c, errors.Join(errs[:]...)
}
