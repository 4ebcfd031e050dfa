package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"guichet/handlers/sequencer"
	"guichet/store"
	"guichet/traces"

	"golang.org/x/mod/sumdb/note"
)

// logged is the database whose log of traces is measured.
const logged = "logged"

// logGround is a database, its sequencer in this process, and its trace officer.
type logGround struct {
	*ground
	signer    note.Signer
	verifier  note.Verifier
	portal    *store.Store
	sequences *store.Store
	officer   *store.Store
	as        store.Request
	published lastCheckpoint
}

// lastCheckpoint publishes to nobody.
type lastCheckpoint struct{ signed []byte }

func (c *lastCheckpoint) Publish(_ context.Context, signed []byte) error {
	c.signed = signed
	return nil
}

func (c *lastCheckpoint) Last() ([]byte, error) { return c.signed, nil }

func (g *ground) openLog(ctx context.Context) (l *logGround, err error) {
	if err := g.exec(ctx, "postgres", "CREATE DATABASE "+logged+" TEMPLATE "+filled); err != nil {
		return nil, err
	}
	if err := store.GrantAccess(ctx, g.cluster.URL("postgres", "postgres"), logged); err != nil {
		return nil, err
	}
	private, public, err := note.GenerateKey(rand.Reader, "bench/traces")
	if err != nil {
		return nil, err
	}
	l = &logGround{ground: g, as: newRequest()}
	if l.signer, err = note.NewSigner(private); err != nil {
		return nil, err
	}
	if l.verifier, err = note.NewVerifier(public); err != nil {
		return nil, err
	}
	for role, into := range map[string]**store.Store{"guichet_portal": &l.portal, "guichet_sequencer": &l.sequences, "guichet_officer": &l.officer} {
		if *into, err = store.Open(ctx, store.Options{URL: g.cluster.URL(role, logged), Password: password, Keys: g.keys}); err != nil {
			return nil, errors.Join(err, l.close(ctx))
		}
	}
	return l, l.officer.OpenOfficer(ctx, l.as, "bench", store.Limits{Lifetime: 8 * time.Hour})
}

func (l *logGround) close(ctx context.Context) error {
	var err error
	for _, s := range []*store.Store{l.portal, l.sequences, l.officer} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	return errors.Join(err, l.exec(ctx, "postgres", "DROP DATABASE "+logged+" WITH (FORCE)"))
}

// sequence gives every entry its place, and returns how many a second it was.
func (l *logGround) sequence(ctx context.Context, batch int) (float64, error) {
	s := sequencer.New(sequencer.Options{Store: l.sequences, Signer: l.signer, Verifier: l.verifier, Publisher: &l.published, Batch: batch, Log: slog.New(slog.DiscardHandler)})
	defer s.Close()
	before, err := l.sequences.LogState(ctx)
	if err != nil {
		return 0, err
	}
	last, err := l.count(ctx, logged, `SELECT max(id) FROM guichet.trace`)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for {
		if _, err := s.Step(ctx); err != nil {
			return 0, err
		}
		state, err := l.sequences.LogState(ctx)
		if err != nil {
			return 0, err
		}
		if state.Entry >= int64(last) {
			return float64(state.Size-before.Size) / time.Since(began).Seconds(), nil
		}
	}
}

// again takes all places back.
func (l *logGround) again(ctx context.Context) error {
	l.published.signed = nil
	return l.exec(ctx, logged, `TRUNCATE guichet.log_gap, guichet.log_tile, guichet.log_checkpoint; UPDATE guichet.log_state SET size = 0, entry = 0, checkpoint = ''`)
}

// verify goes through the whole log, and returns how many entries a second it was.
func (l *logGround) verify(ctx context.Context) (float64, error) {
	log, err := l.officer.OpenLog(ctx, l.as)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	report, err := traces.Verify(ctx, log, l.verifier)
	if err != nil {
		return 0, err
	}
	return float64(report.Size) / time.Since(began).Seconds(), nil
}

// tessera adds as many entries of the same size to a log of tessera's.
func (l *logGround) tessera(ctx context.Context, entries, size, batch, round int) (float64, error) {
	folder := l.path("tessera-log-" + strconv.Itoa(round) + "-" + strconv.Itoa(batch))
	out, err := exec.CommandContext(ctx, l.path("tessera"), "-folder", folder, "-entries", strconv.Itoa(entries), "-size", strconv.Itoa(size), "-batch", strconv.Itoa(batch)).Output() // #nosec G204 -- built above
	if err != nil {
		return 0, fmt.Errorf("tessera: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(bytes.TrimSpace(out))), 64)
}

// measureLog sequences and verifies, and has tessera do the like.
func (g *ground) measureLog(ctx context.Context, r *report) (err error) {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", g.path("tessera"), ".") // #nosec G204 -- fixed but for our own folder
	build.Dir = filepath.Join(g.root, "bench", "tessera")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build tessera: %w: %s", err, out)
	}
	l, err := g.openLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close(ctx)) }()
	const entries = 100_000
	if err := l.spread(ctx, entries, 200); err != nil {
		return err
	}
	if err := g.exec(ctx, logged, "VACUUM ANALYZE guichet.trace"); err != nil {
		return err
	}
	size, err := g.count(ctx, logged, `SELECT avg(octet_length(bytes))::integer FROM guichet.trace`)
	if err != nil {
		return err
	}
	disk, err := g.count(ctx, logged, `SELECT ((pg_total_relation_size('guichet.trace') + pg_total_relation_size('guichet.log_tile')) / 100)::bigint / (SELECT count(*) / 100 FROM guichet.trace)`)
	if err != nil {
		return err
	}
	r.add(row{what: "log: bytes proved of an entry that names eight things", clients: "1", of: series{float64(size)}})
	r.add(row{what: "log: disk of a million entries with their indexes, GB", clients: "1", of: series{float64(disk) / 1000}, digits: 2})
	for _, batch := range []int{256, sequencer.MaxBatch} {
		var ours, theirs series
		for round := range g.plan.log {
			rate, err := l.sequence(ctx, batch)
			if err != nil {
				return err
			}
			ours.add(rate)
			if rate, err = l.tessera(ctx, entries, size, batch, round); err != nil {
				return err
			}
			theirs.add(rate)
			if batch != sequencer.MaxBatch || round+1 < g.plan.log {
				if err := l.again(ctx); err != nil {
					return err
				}
			}
		}
		clients := strconv.Itoa(batch)
		target := row{what: "log: entries sequenced and signed ÷ tessera, POSIX, the same size", clients: clients, of: ours.over(theirs), digits: 2}
		if batch == sequencer.MaxBatch {
			target.target, target.least = "≥ 2", 2
		}
		r.add(target)
		r.add(row{what: "log: entries sequenced a second, by batches of", clients: clients, of: ours})
		r.add(row{what: "tessera: entries a second, by batches of", clients: clients, of: theirs})
	}
	var verified series
	for range g.plan.log {
		rate, err := l.verify(ctx)
		if err != nil {
			return err
		}
		verified.add(rate)
	}
	r.add(row{what: "log: entries verified a second, in the database", clients: "1", of: verified})
	return nil
}

// growthSizes are how many entries there are when growth is measured.
var growthSizes = []int{10_000, 10_000_000}

// measureGrowth looks at a patient's access log and at proofs with few entries and
// with ten million. It takes a quarter of an hour and 30 GB of disk, and is measured
// where it is asked for by name.
func (g *ground) measureGrowth(ctx context.Context, r *report) (err error) {
	l, err := g.openLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close(ctx)) }()
	var logs, proofs []float64
	for have, i := 0, 0; i < len(growthSizes); i++ {
		for have < growthSizes[i] {
			n := min(500_000, growthSizes[i]-have)
			if err := l.spread(ctx, n, 1+min(have, 1)*999); err != nil { // the readers' own come first, as many as a page shows
				return err
			}
			if _, err := l.sequence(ctx, sequencer.MaxBatch); err != nil {
				return err
			}
			have += n
			g.say(fmt.Sprintf("%d entries", have))
		}
		for _, settle := range []string{"VACUUM ANALYZE guichet.trace", "CHECKPOINT"} { // what filling has left to do is no part of a page
			if err := g.exec(ctx, logged, settle); err != nil {
				return err
			}
		}
		clients := strconv.Itoa(growthSizes[i])
		pages, err := l.timeAccessLogs(ctx)
		if err != nil {
			return err
		}
		proved, err := l.timeProofs(ctx)
		if err != nil {
			return err
		}
		logs, proofs = append(logs, pages.median()), append(proofs, proved.median())
		r.add(row{what: "log of so many entries: a patient's latest accesses, ms", clients: clients, of: pages, digits: 2})
		r.add(row{what: "log of so many entries: proof of one, ms", clients: clients, of: proved, digits: 2})
		rate, err := l.verify(ctx)
		if err != nil {
			return err
		}
		r.add(row{what: "log of so many entries: verified whole, s", clients: clients, of: series{float64(have) / rate}, digits: 1})
	}
	last := strconv.Itoa(growthSizes[len(growthSizes)-1])
	r.add(row{what: "a patient's latest accesses, ten million entries ÷ ten thousand", target: "≤ 1.3", most: 1.3, clients: last, of: series{logs[1] / logs[0]}, digits: 2})
	r.add(row{what: "proof of one entry, ten million entries ÷ ten thousand", target: "≤ 1.3", most: 1.3, clients: last, of: series{proofs[1] / proofs[0]}, digits: 2})
	return nil
}

// spread adds entries that name eight things each, of two hundred thousand other
// patients and, one in own, of those who are measured: as fast as PostgreSQL can, in
// bytes by the function that writes every entry.
func (l *logGround) spread(ctx context.Context, n, own int) error {
	var ids []string
	for _, reader := range l.readers {
		ids = append(ids, "'"+reader.report.String()+"'")
	}
	return l.exec(ctx, logged, fmt.Sprintf(`
		WITH base AS (SELECT * FROM guichet.trace WHERE type = 'report.list' OR type = 'report.deposit' ORDER BY type DESC, id LIMIT 1),
		     own AS (SELECT array_agg(DISTINCT patient) AS patients FROM guichet.report WHERE id IN (%s))
		INSERT INTO guichet.trace OVERRIDING SYSTEM VALUE
		SELECT w.* FROM base CROSS JOIN own CROSS JOIN generate_series(1, %d) AS g
		 CROSS JOIN LATERAL guichet.written(ROW(NULL, clock_timestamp(), 'report.read', 'granted', 'grant', base.account, 'patient', 'franceconnect',
		       CASE WHEN g %% %d = 0 THEN own.patients[1 + (g / %d) %% cardinality(own.patients)] ELSE md5((random() * 200000)::integer::text)::uuid END,
		       base.grant_id, 'self', base.kinds[4:11], base.records[4:11], base.versions[4:11], '{}', base.ip, base.origin, base.login, base.session, base.request, base.xid, base.peer, NULL, 'care', NULL, NULL, base.process, NULL, NULL)::guichet.trace,
		       nextval('guichet.trace_id_seq')) w`, strings.Join(ids, ","), n, own, own))
}

// timeAccessLogs asks for the readers' access logs, each time in ms.
func (l *logGround) timeAccessLogs(ctx context.Context) (series, error) {
	var s series
	for range 5 {
		for _, reader := range l.readers {
			began := time.Now()
			if _, err := l.portal.ReadAccessLog(ctx, store.Request{Token: reader.token, Address: l.as.Address, ID: l.as.ID}, store.AccessFilter{}, 0); err != nil {
				return nil, err
			}
			s.add(float64(time.Since(began).Microseconds()) / 1000)
		}
	}
	return s, nil
}

// timeProofs asks for the proof of lines of the readers' access logs, each time in ms.
func (l *logGround) timeProofs(ctx context.Context) (series, error) {
	var s series
	for _, reader := range l.readers {
		request := store.Request{Token: reader.token, Address: l.as.Address, ID: l.as.ID}
		log, err := l.portal.ReadAccessLog(ctx, request, store.AccessFilter{}, 0)
		if err != nil {
			return nil, err
		}
		for _, line := range log.Accesses[len(log.Accesses)-5:] { // the oldest of the page: they have their places
			began := time.Now()
			if _, err := l.portal.ReadProof(ctx, request, line.Entry, l.verifier); err != nil {
				return nil, err
			}
			s.add(float64(time.Since(began).Microseconds()) / 1000)
		}
	}
	return s, nil
}
