// Package demo runs the whole system on one machine: a private PostgreSQL, the
// fictitious identity providers, Guichet and its WAF, with a private
// certification authority, and keeps them alive until it is told to stop.
//
// It trusts the programs beside its own and the folder it is given. It promises
// that nothing it starts outlives it, that nothing listens beyond this machine,
// and that no two demos share a folder. All its people and results are
// fictitious; it is not a way to install Guichet.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"guichet/configs"
	"guichet/store/pgtest"
)

// Options say where and how the demo runs.
type Options struct {
	Dir         string    // everything it writes; default var/demo
	Port        int       // of the WAF, from which the others are derived; default 8443
	Fresh       bool      // forget what an earlier run left
	PostgresBin string    // default: the newest that Debian installed
	Programs    string    // folder of guichet, waf and idpsim; default: that of this program
	Out         io.Writer // for people
	Steps       Steps
}

// Steps are what other packages do for the demo.
type Steps struct {
	// Prepare makes the roles, with their passwords, and the database
	// "guichet"; it may be called again.
	Prepare func(ctx context.Context, superuserURL string, passwords map[string]string) error
	// Migrate brings the database up to this version.
	Migrate func(ctx context.Context, configFile string) error
	// InitKeys makes the master key; it is called once in the life of a folder.
	InitKeys func(configFile string) error
	// ProviderKey makes one of our keys towards an identity provider, in a file
	// that does not exist yet.
	ProviderKey func(algorithm, file string) error
	// TraceKey makes the key that signs the log of traces, in files that do not
	// exist yet.
	TraceKey func(configFile string) error
	// Feed sends the sample messages; sending them again changes nothing.
	Feed func(ctx context.Context, mllpAddress string, tlsFiles configs.ClientTLS) error
	// People lists the patients, those who act for them and those unknown to
	// the hospital.
	People func() []Person
}

const (
	defaultDir  = "var/demo"
	defaultPort = 8443

	readyLimit = 2 * time.Minute
)

// Run runs the demo until ctx ends, which is no error.
func Run(ctx context.Context, o Options) (err error) {
	d, err := open(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()

	if err := d.install(); err != nil {
		return err
	}
	d.supervisor = newSupervisor(d.folder.pidFile, d.out)
	defer func() { err = errors.Join(err, d.stop()) }()

	if err := d.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before all was up
		}
		return err
	}
	<-ctx.Done()
	return nil
}

// demo is one running demonstration.
type demo struct {
	out        io.Writer
	folder     *folder
	programs   string
	postgres   string // programs of the server; empty means Debian's
	data       string // cluster
	sockets    string
	ports      ports
	steps      Steps
	people     []Person
	secrets    secrets
	supervisor *supervisor
	cluster    *pgtest.Cluster
}

// open claims the folder and the ports; nothing has been started when it
// fails.
func open(o Options) (*demo, error) {
	programs, err := findPrograms(o.Programs)
	if err != nil {
		return nil, err
	}
	if o.Port == 0 {
		o.Port = defaultPort
	}
	numbers, err := derivePorts(o.Port)
	if err != nil {
		return nil, err
	}
	if o.Dir == "" {
		o.Dir = defaultDir
	}
	claimed, err := claimFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	d := &demo{
		out: o.Out, folder: claimed, programs: programs, postgres: o.PostgresBin,
		ports: numbers, steps: o.Steps, people: append(o.Steps.People(), staff()...),
	}
	if err := awaitPorts(numbers, claimed.awaitPredecessor()); err != nil {
		return nil, errors.Join(err, d.close())
	}
	if o.Fresh {
		if err := claimed.wipe(); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	return d, nil
}

func (d *demo) close() error {
	return errors.Join(d.folder.removeSockets(), d.folder.release())
}

// install writes what the programs need: certificates, secrets and
// configuration.
func (d *demo) install() error {
	if err := d.folder.prepare(); err != nil {
		return err
	}
	var err error
	if d.data, err = d.folder.placeCluster(); err != nil {
		return err
	}
	if d.sockets, err = d.folder.placeSockets(); err != nil {
		return err
	}
	if err := issueCertificates(d.folder, time.Now()); err != nil {
		return err
	}
	if d.secrets, err = keepSecrets(d.folder.path("secrets")); err != nil {
		return err
	}
	if err := d.keepProviderKeys(); err != nil {
		return err
	}
	return writePID(d.folder.pidFile("demo"), os.Getpid())
}

// start brings everything up in the order of need, feeds a new installation,
// and says that it is ready.
func (d *demo) start(ctx context.Context) error {
	if err := d.supervisor.start(ctx, d.postgresService()); err != nil {
		return err
	}
	if err := d.writeConfigs(); err != nil {
		return err
	}
	if err := d.initialise(ctx); err != nil {
		return err
	}
	for _, service := range []service{
		d.program("idpsim", "idpsim"),
		d.program("serve", "guichet", "serve"),
		d.program("waf", "waf"),
	} {
		if err := d.supervisor.start(ctx, service); err != nil {
			return err
		}
	}
	if err := d.awaitReady(ctx); err != nil {
		return err
	}
	if err := d.feed(ctx); err != nil {
		return err
	}
	if err := d.writeReady(); err != nil {
		return err
	}
	return d.printTable()
}

// initialise makes the database and, in a new folder only, the master key:
// made again, it would leave every record unreadable.
func (d *demo) initialise(ctx context.Context) error {
	if err := d.steps.Prepare(ctx, d.cluster.URL("postgres", "postgres"), d.secrets.passwords()); err != nil {
		return fmt.Errorf("prepare database: %w", err)
	}
	config := d.folder.path("guichet.toml")
	if err := d.steps.Migrate(ctx, config); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if !d.folder.has(traceKey) {
		if err := d.steps.TraceKey(config); err != nil {
			return fmt.Errorf("make key of traces: %w", err)
		}
	}
	if d.folder.has(installedMark) {
		return nil
	}
	if err := d.steps.InitKeys(config); err != nil {
		return fmt.Errorf("make master key: %w", err)
	}
	return d.folder.mark(installedMark)
}

// feed sends the sample messages into a new installation. The mark comes after
// them, so an interrupted feed is sent again.
func (d *demo) feed(ctx context.Context) error {
	if d.folder.has(fedMark) {
		return nil
	}
	if err := d.steps.Feed(ctx, d.ports.address(d.ports.mllp), d.feedTLS()); err != nil {
		return fmt.Errorf("feed sample messages: %w", err)
	}
	return d.folder.mark(fedMark)
}

// stop ends everything in order: what takes requests first, the database
// last.
func (d *demo) stop() error {
	err := os.Remove(d.folder.path("ready.json"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err,
		d.supervisor.stop("serve", "waf", "idpsim", "postgres"),
		os.Remove(d.folder.pidFile("demo")))
}

// findPrograms checks that the programs are there, before anything starts.
func findPrograms(named string) (string, error) {
	if named == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find own program: %w", err)
		}
		named = filepath.Dir(self)
	}
	named, err := filepath.Abs(named)
	if err != nil {
		return "", fmt.Errorf("find programs: %w", err)
	}
	for _, name := range []string{"guichet", "waf", "idpsim"} {
		if found, err := os.Stat(filepath.Join(named, name)); err != nil || found.IsDir() {
			return "", fmt.Errorf("the program %s is not in %s: run make build", name, named)
		}
	}
	return named, nil
}
