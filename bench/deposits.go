package main

import (
	"bytes"
	"context"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"guichet/intake"

	"golang.org/x/sync/errgroup"
)

// measureDeposits sends messages of a whole report each, and has pgbench
// insert the same rows unencrypted in one statement.
func (g *ground) measureDeposits(ctx context.Context, r *report) error {
	if err := g.exec(ctx, direct, depositPatients); err != nil {
		return err
	}
	var sent atomic.Int64
	for _, l := range g.plan.deposits {
		senders, err := g.connectSenders(l.clients)
		if err != nil {
			return err
		}
		var ours, alone series
		for range l.rounds {
			rate, err := g.deposit(ctx, senders, &sent)
			if err != nil {
				return err
			}
			ours.add(rate)
			if rate, err = g.pgbench(ctx, direct, "postgres", l.clients, g.depositScripts); err != nil {
				return err
			}
			alone.add(rate)
		}
		for _, conn := range senders {
			if err := conn.Close(); err != nil {
				return err
			}
		}
		clients := strconv.Itoa(l.clients)
		r.add(row{what: "deposits ÷ pgbench inserting the same rows unencrypted in one statement", clients: clients, of: ours.over(alone), digits: 2, target: "≥ 0.5", least: 0.5})
		r.add(row{what: "deposits: messages acknowledged a second", clients: clients, of: ours})
		r.add(row{what: "pgbench: the same rows, inserts a second", clients: clients, of: alone})
	}
	stored, err := g.count(ctx, traced, `SELECT count(*) FROM guichet.message`)
	if err != nil {
		return err
	}
	if want := int(sent.Load()) + visits*len(g.readers); stored < want {
		return fmt.Errorf("%d messages were acknowledged, %d are stored", want, stored)
	}
	return nil
}

func (g *ground) connectSenders(n int) ([]*tls.Conn, error) {
	config, err := g.clientTLS("feed").Config()
	if err != nil {
		return nil, err
	}
	var senders []*tls.Conn
	for range n {
		conn, err := tls.Dial("tcp", g.ports["mllp"], config)
		if err != nil {
			return nil, fmt.Errorf("connect to intake: %w", err)
		}
		senders = append(senders, conn)
	}
	return senders, nil
}

// deposit has each sender send for a while, each for patients of its own.
func (g *ground) deposit(ctx context.Context, senders []*tls.Conn, sent *atomic.Int64) (float64, error) {
	began := time.Now()
	until := began.Add(2 * g.plan.window)
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for i, conn := range senders {
		group.Go(func() error {
			for k := i; time.Now().Before(until); k += len(senders) {
				message := g.readers[k%len(g.readers)].renumbered(visits + int(sent.Add(1)))
				ack, err := intake.Send(ctx, conn, message)
				if err != nil {
					return err
				}
				if !bytes.Contains(ack, []byte("\rMSA|AA|")) {
					return errors.New("a message was not accepted")
				}
				done.Add(1)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

// renumbered is the reader's message as of another visit: a control ID and
// order numbers that have not been seen.
func (r *reader) renumbered(visit int) []byte {
	last := fmt.Sprintf("%s-%03d", r.patient.Local, visits)
	return bytes.ReplaceAll(r.message, []byte(last), fmt.Appendf(nil, "%s-%06d", r.patient.Local, visit))
}

// depositPatients numbers the patients, for pgbench to choose from.
const depositPatients = `CREATE TABLE guichet.bench_patient AS SELECT row_number() OVER () AS n, p.id FROM guichet.patient p`

//go:embed deposit.sql
var depositStatement string

// depositScripts inserts rows like those of a deposit, sending a body for each
// of the size that the product seals.
func (g *ground) depositScripts() (files, variables []string, err error) {
	bodies := func(name string, n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("(%d, :%s::bytea)", i+1, name))
		}
		return strings.Join(list, ", ")
	}
	script := fmt.Sprintf("\\set n random(1, %d)\n", len(g.readers)) +
		strings.NewReplacer("$orders", strconv.Itoa(g.shape.panels), "$panels", bodies("panel", g.shape.panels), "$observations", bodies("observation", results), "\n", " ").Replace(depositStatement) + "\n"
	file := g.path("deposit.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return nil, nil, err
	}
	for name, size := range g.shape.sizes {
		variables = append(variables, name+`=\x`+strings.Repeat("5a", size))
	}
	return []string{file}, variables, nil
}
