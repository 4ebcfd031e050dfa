package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"guichet/configs"
	"guichet/envelope"
	"guichet/store"
	"guichet/store/pgtest"
)

// The databases of a run: copies of one that was filled through the product.
const (
	filled   = "guichet_filled"
	traced   = "guichet_traced"   // as the product makes it
	untraced = "guichet_untraced" // with untraced.sql
	direct   = "guichet_direct"   // what pgbench uses
)

// password is every role's, in a cluster that only its starter reaches.
const password = "only-for-measuring"

// ground is a throw-away installation.
type ground struct {
	plan     plan
	progress io.Writer
	began    time.Time
	root     string // of the repository
	folder   string // of everything this run makes
	cluster  *pgtest.Cluster
	keys     *envelope.Keyring
	readers  []reader
	shape    shape
	programs map[string]*program
	ports    map[string]string // address of each listener
}

// prepare builds the programs and brings up a filled installation.
func prepare(ctx context.Context, p plan, progress io.Writer) (*ground, error) {
	g := &ground{plan: p, progress: progress, began: time.Now(), programs: make(map[string]*program), ports: make(map[string]string)}
	if err := g.prepare(ctx); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *ground) prepare(ctx context.Context) error {
	var err error
	if g.root, err = moduleRoot(ctx); err != nil {
		return err
	}
	if g.folder, err = os.MkdirTemp("", "guichet-bench-"); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	g.say("building the programs")
	if err := g.build(ctx); err != nil {
		return err
	}
	g.say("starting PostgreSQL and filling a database")
	if g.cluster, err = pgtest.Start(ctx, pgtest.Options{}); err != nil {
		return err
	}
	if err := g.makeKeys(); err != nil {
		return err
	}
	if err := g.fill(ctx); err != nil {
		return err
	}
	if err := g.copyDatabases(ctx); err != nil {
		return err
	}
	if err := g.letRetry(ctx); err != nil {
		return err
	}
	g.say("starting the programs")
	if err := g.writeConfigs(); err != nil {
		return err
	}
	if err := g.makeTraceKey(ctx); err != nil {
		return err
	}
	return g.startPrograms(ctx)
}

// close stops what runs and leaves nothing behind.
func (g *ground) close() {
	for name, p := range g.programs {
		if err := p.stop(); err != nil {
			g.say("stop " + name + ": " + err.Error())
		}
	}
	if g.cluster != nil {
		if err := g.cluster.Stop(); err != nil {
			g.say("stop PostgreSQL: " + err.Error())
		}
	}
	if err := os.RemoveAll(g.folder); err != nil {
		g.say("remove folder: " + err.Error())
	}
}

func (g *ground) say(text string) {
	fmt.Fprintf(g.progress, "bench: %4.0f s  %s\n", time.Since(g.began).Seconds(), text)
}

func (g *ground) path(name string) string { return filepath.Join(g.folder, name) }

// moduleRoot is where go.mod lies.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

func (g *ground) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", g.folder+"/", "./cmd/guichet", "./cmd/waf", "./cmd/idpsim") // #nosec G204 -- fixed but for our own folder
	cmd.Dir = g.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	return nil
}

func (g *ground) makeKeys() error {
	if err := envelope.Init(g.path("master.json"), g.path("keyring.json")); err != nil {
		return err
	}
	var err error
	g.keys, err = envelope.OpenFiles(g.path("master.json"), g.path("keyring.json"))
	return err
}

// makeTraceKey makes the key that signs the traced database's log.
func (g *ground) makeTraceKey(ctx context.Context) error {
	if err := os.Mkdir(g.path("checkpoints"), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	command := exec.CommandContext(ctx, g.path("guichet"), "keys", "traces", "--config", g.path(traced+".toml")) // #nosec G204 -- built above
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make key of traces: %w: %s", err, out)
	}
	return nil
}

// copyDatabases gives each variant the same rows and the same sessions.
func (g *ground) copyDatabases(ctx context.Context) error {
	for _, name := range []string{traced, untraced, direct} {
		if err := g.exec(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE "+filled); err != nil {
			return err
		}
		if err := store.GrantAccess(ctx, g.cluster.URL("postgres", "postgres"), name); err != nil {
			return err
		}
		if err := g.exec(ctx, name, "VACUUM ANALYZE"); err != nil {
			return err
		}
	}
	return nil
}

// exec runs SQL as the superuser.
func (g *ground) exec(ctx context.Context, database, query string) error {
	db, err := g.superuser(database)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, query)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("prepare %s: %w", database, err)
	}
	return nil
}

func (g *ground) superuser(database string) (*sql.DB, error) {
	return sql.Open("postgres", g.cluster.URL("postgres", database)+"&sslmode=disable")
}

// count runs a query of one number as the superuser.
func (g *ground) count(ctx context.Context, database, query string) (int, error) {
	db, err := g.superuser(database)
	if err != nil {
		return 0, err
	}
	var n int
	err = db.QueryRowContext(ctx, query).Scan(&n)
	return n, errors.Join(err, db.Close())
}

// freeAddresses finds a port for each name.
func freeAddresses(names ...string) (map[string]string, error) {
	found := make(map[string]string)
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close() // only its number was wanted
		}
	}()
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find free port: %w", err)
		}
		held = append(held, l)
		found[name] = l.Addr().String()
	}
	return found, nil
}

// clientTLS is how a certificate's holder reaches a listener.
func (g *ground) clientTLS(name string) configs.ClientTLS {
	return configs.ClientTLS{CA: g.path("ca.pem"), Certificate: g.path(name + ".pem"), Key: g.path(name + ".key"), ServerName: "localhost"}
}

// startPrograms starts the product on the traced and on the untraced database,
// and what stands around it. The untraced functions come after the start,
// which refuses a database that is not the product's.
func (g *ground) startPrograms(ctx context.Context) error {
	for _, p := range []struct{ name, program, listener string }{
		{traced, "guichet", "ops"}, {untraced, "guichet", "untraced-ops"}, {"waf", "waf", "waf"}, {"idpsim", "idpsim", "idpsim"},
	} {
		args := []string{"--config", g.path(p.name + ".toml")}
		if p.program == "guichet" {
			args = append([]string{"serve", "--only", "portal,intake,sequencer,ops"}, args...)
		}
		started, err := start(ctx, g.path(p.program), args, g.path(p.name+".log"), g.ports[p.listener])
		if err != nil {
			return fmt.Errorf("start %s: %w", p.name, err)
		}
		g.programs[p.name] = started
	}
	return g.leaveTraceOut(ctx)
}
