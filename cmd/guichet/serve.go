package main

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // hospitals' servers may lack the zones

	"guichet/auth"
	"guichet/configs"
	"guichet/envelope"
	"guichet/handlers"
	"guichet/handlers/feed"
	fhirfeed "guichet/handlers/fhir"
	"guichet/handlers/portal"
	"guichet/handlers/sequencer"
	"guichet/handlers/witness"
	"guichet/intake"
	"guichet/intake/fhir"
	"guichet/store"
	"guichet/traces"
	"guichet/web"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

type serveCommand struct {
	withConfig
	Only []string `help:"Serve only these: portal, intake, witness, sequencer, ops." placeholder:"LISTENER"`
}

// Run builds in one visible order, serves, and leaves in the reverse.
func (c serveCommand) Run(e *environment) error {
	for _, name := range c.Only {
		if !slices.Contains([]string{"portal", "intake", "witness", "sequencer", "ops"}, name) {
			return usageError("serve --only: no listener is called " + name)
		}
	}
	config, err := configs.LoadEnv[configs.Guichet](c.Config, e.environ)
	if err != nil {
		return err
	}
	// Pages are short-lived garbage: collect less often, within a bound.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
		debug.SetMemoryLimit(512 << 20)
	}
	s := &server{config: config, log: slog.New(slog.NewJSONHandler(e.err, nil)), metrics: handlers.NewMetrics()}
	defer s.close()
	if err := s.build(e.ctx, c.wants); err != nil {
		return err
	}
	return s.run(e.ctx)
}

func (c serveCommand) wants(listener string) bool {
	return len(c.Only) == 0 || slices.Contains(c.Only, listener)
}

// server is one process of Guichet.
type server struct {
	config  configs.Guichet
	log     *slog.Logger
	metrics *handlers.Metrics
	keys    *envelope.Keyring
	verify  func(tls.ConnectionState) error // the database server's certificate
	stores  []*listening
	tasks   []func(context.Context) error
	closers []func() // before the stores

	witnessed bool // this process has the witness too
}

// listening is a listener's store, whose opening and closing are traced.
type listening struct {
	store   *store.Store
	address netip.Addr
}

func (s *server) build(ctx context.Context, wants func(string) bool) error {
	var err error
	if s.keys, err = envelope.OpenFiles(s.config.Keys.MasterFile, s.config.Keys.KeyringFile); err != nil {
		return err
	}
	database, err := s.checker("database", s.config.Revocation.Database)
	if err != nil {
		return err
	}
	s.verify = database.Verify
	s.witnessed = wants("witness") && s.config.Witnessed()
	if wants("portal") && s.config.Portal.Listen != "" {
		if err := s.buildPortal(ctx); err != nil {
			return err
		}
	}
	if wants("intake") && s.config.Intake.Served() {
		if err := s.buildIntake(ctx); err != nil {
			return err
		}
	}
	if s.witnessed {
		if err := s.buildWitness(ctx); err != nil {
			return err
		}
	}
	if wants("sequencer") && s.config.Sequences() {
		if err := s.buildSequencer(ctx); err != nil {
			return err
		}
	}
	if wants("ops") && s.config.Ops.Listen != "" {
		if err := s.buildOps(ctx); err != nil {
			return err
		}
	}
	if len(s.tasks) == 0 {
		return errors.New("nothing to serve: the configuration names no listener that was asked for")
	}
	s.tasks = append(s.tasks, s.watch(wants))
	return nil
}

// open opens a store as a role, and refuses a database that is behind, ahead
// or altered.
func (s *server) open(ctx context.Context, role configs.Role, listen string) (*store.Store, error) {
	opened, err := openRole(ctx, role, s.keys, s.verify)
	if err != nil {
		return nil, err
	}
	l := &listening{store: opened, address: netip.IPv6Unspecified()}
	if at, err := netip.ParseAddrPort(listen); err == nil {
		l.address = at.Addr()
	}
	if err := opened.Check(ctx); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	if err := opened.LeaveEvent(ctx, l.request(), traces.ServiceStart); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	s.stores = append(s.stores, l)
	return opened, nil
}

// openRole opens a store as a role, whose password stands in its own file.
func openRole(ctx context.Context, role configs.Role, keys *envelope.Keyring, verify func(tls.ConnectionState) error) (*store.Store, error) {
	var password string
	if role.PasswordFile != "" {
		secret, err := configs.ReadSecret(role.PasswordFile)
		if err != nil {
			return nil, err
		}
		password = secret.Reveal()
	}
	return store.Open(ctx, store.Options{URL: role.URL, Password: password, Connections: role.Connections, Keys: keys, Verify: verify})
}

func (l *listening) request() store.Request {
	return store.Request{Address: l.address, ID: uuid.New()}
}

func (s *server) buildPortal(ctx context.Context) error {
	c := s.config.Portal
	db, err := s.open(ctx, s.config.Database.Portal, c.Listen)
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return fmt.Errorf("portal: public_url: %w", err)
	}
	attempts, err := s.attempts()
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	options := portal.Options{Store: db, Attempts: attempts, Log: s.log, Metrics: s.metrics, PublicURL: public, Suffix: c.CookieSuffix}
	site := web.Site{Hospital: s.config.Hospital.Name, SupportPhone: s.config.Hospital.SupportPhone, SupportHours: s.config.Hospital.SupportHours,
		SupportMail: s.config.Hospital.SupportMail, AlertPhone: s.config.Hospital.AlertPhone, Demonstration: s.config.Hospital.Demonstration,
		Publisher: web.Publisher{Address: s.config.Hospital.Address, Director: s.config.Hospital.Director, Host: s.config.Hospital.Host,
			Certificate: s.config.Hospital.HostCertificate, Officer: s.config.Hospital.ProtectionOfficer}}
	if s.config.Traces.PublicKeyFile != "" {
		if options.TracesKey, err = tracesKey(s.config.Traces.PublicKeyFile); err != nil {
			return fmt.Errorf("portal: %w", err)
		}
	}
	identity, err := s.checker("providers", s.config.Revocation.Providers)
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	for _, name := range []string{auth.FranceConnect, auth.ProSanteConnect} {
		settings, ok := s.config.Providers[name]
		if !ok {
			continue
		}
		provider, err := newProvider(name, settings, public, identity)
		if err != nil {
			return fmt.Errorf("provider %s: %w", name, err)
		}
		options.Providers = append(options.Providers, provider)
		options.EndPoints = append(options.EndPoints, settings.EndSessionURL)
		door := web.Door{Provider: name, Label: provider.Label(), For: web.ForPatients}
		if name == auth.ProSanteConnect {
			door.For = web.ForProfessionals
		}
		site.Doors = append(site.Doors, door)
	}
	if options.Web, err = web.New(site); err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	handler, err := portal.New(options)
	if err != nil {
		return err
	}
	secured, err := c.TLS.Config()
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	waf, err := s.checker("waf", s.config.Revocation.WAF)
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	s.tasks = append(s.tasks, func(ctx context.Context) error { return s.housekeep(ctx, db) })
	if !s.witnessed { // else that announces alerts, under a role of its own
		if err := s.announce(db); err != nil {
			return fmt.Errorf("portal: %w", err)
		}
	}
	return s.serveHTTP("portal", c.Listen, waf.Wrap(secured), waf.Guard(handler))
}

// housekeep calls the store's housekeeping until ctx ends. A database that is
// away is tried again: the pages say so themselves.
func (s *server) housekeep(ctx context.Context, db *store.Store) error {
	ticker, reviews := time.NewTicker(5*time.Second), time.NewTicker(time.Hour)
	defer ticker.Stop()
	defer reviews.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-reviews.C:
			if err := db.WatchReviews(ctx); err != nil {
				s.log.Warn("watching reviews", "error", err.Error())
			}
		case <-ticker.C:
			if err := db.Housekeep(ctx); err != nil {
				s.log.Warn("housekeeping", "error", err.Error())
			}
		}
	}
}

func (s *server) attempts() (*auth.Attempts, error) {
	secret, err := configs.ReadSecret(s.config.Portal.CookieSecretFile)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(secret.Reveal())
	if err != nil {
		return nil, errors.New("cookie_secret_file: not hexadecimal")
	}
	name := "__Host-guichet-attempt"
	if s.config.Portal.CookieSuffix != "" {
		name += "-" + s.config.Portal.CookieSuffix
	}
	return auth.NewAttempts(name, key, nil)
}

func (s *server) buildWitness(ctx context.Context) error {
	db, err := s.open(ctx, s.config.Database.Sequencer, "")
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	public, err := url.Parse(s.config.Portal.PublicURL)
	if err != nil {
		return fmt.Errorf("witness: public_url: %w", err)
	}
	options := witness.Options{Store: db, Log: s.log}
	identity, err := s.checker("providers", s.config.Revocation.Providers)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	for name, settings := range s.config.Providers {
		provider, err := newProvider(name, settings, public, identity)
		if err != nil {
			return fmt.Errorf("provider %s: %w", name, err)
		}
		options.Providers = append(options.Providers, provider)
	}
	s.tasks = append(s.tasks, witness.New(options).Serve)
	if err := s.announce(db); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	return nil
}

func (s *server) buildSequencer(ctx context.Context) error {
	db, err := s.open(ctx, s.config.Database.Sequencer, "")
	if err != nil {
		return fmt.Errorf("sequencer: %w", err)
	}
	signer, err := traceSigner(s.config.Traces)
	if err != nil {
		return fmt.Errorf("sequencer: %w", err)
	}
	verifier, err := traceVerifier(s.config.Traces.PublicKeyFile)
	if err != nil {
		return fmt.Errorf("sequencer: %w", err)
	}
	if signer.Name() != verifier.Name() || signer.KeyHash() != verifier.KeyHash() {
		return errors.New("sequencer: traces.public_key_file is not of traces.signing_key_file")
	}
	measure := func(size int64, lag time.Duration) {
		s.metrics.LogSize.Set(float64(size))
		s.metrics.LogLag.Set(lag.Seconds())
	}
	outside, err := s.newOutside()
	if err != nil {
		return fmt.Errorf("sequencer: %w", err)
	}
	folder := sequencer.Folder{Path: s.config.Traces.Checkpoints, Verifier: verifier}
	relays, err := s.buildRelays(outside, folder)
	if err != nil {
		return fmt.Errorf("sequencer: %w", err)
	}
	sequences := sequencer.New(sequencer.Options{Store: db, Signer: signer, Verifier: verifier, Log: s.log, Measure: measure,
		Publisher: sequencer.Relayed{Publisher: folder, Relays: relays}})
	s.tasks = append(s.tasks, sequences.Serve)
	return s.buildStreams(ctx, db, outside, sequences.Leads)
}

func (s *server) buildIntake(ctx context.Context) error {
	c := s.config.Intake
	db, err := s.open(ctx, s.config.Database.Intake, firstOf(c.MLLP, c.FHIR))
	if err != nil {
		return fmt.Errorf("intake: %w", err)
	}
	reading, err := newReading(c)
	if err != nil {
		return fmt.Errorf("intake: %w", err)
	}
	secured, err := c.TLS.Config()
	if err != nil {
		return fmt.Errorf("intake: %w", err)
	}
	feeds, err := s.checker("feeds", s.config.Revocation.Feeds)
	if err != nil {
		return fmt.Errorf("intake: %w", err)
	}
	secured = s.tracingRefusals(ctx, feeds.Wrap(secured), db)
	if c.MLLP != "" {
		listener, err := net.Listen("tcp", c.MLLP)
		if err != nil {
			return fmt.Errorf("intake: %w", err)
		}
		hl7 := feed.New(feed.Options{Store: db, Parse: reading.hl7, Log: s.log, Metrics: s.metrics, Limit: c.MaxMessage, Recheck: feeds.Verify})
		s.tasks = append(s.tasks, func(ctx context.Context) error { return hl7.Serve(ctx, tls.NewListener(listener, secured)) })
		s.log.Info("listening", "listener", "intake, HL7 v2", "address", c.MLLP)
	}
	if c.FHIR == "" {
		return nil
	}
	base, err := url.Parse(c.FHIRURL)
	if err != nil {
		return fmt.Errorf("intake: fhir_url: %w", err)
	}
	service := fhirfeed.New(fhirfeed.Options{Store: db, Parse: reading.fhir, Log: s.log, Metrics: s.metrics, Base: base.Path, URL: c.FHIRURL, Version: version()})
	s.closers = append(s.closers, service.Close)
	return s.serveHTTP("intake, FHIR", c.FHIR, secured.Clone(), feeds.Guard(service))
}

// reading is how messages are read, by whoever reads them.
type reading struct {
	hl7  intake.Options
	fhir fhir.Options
}

func newReading(c configs.Intake) (reading, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return reading{}, err
	}
	return reading{hl7: intake.Options{LocalAuthority: c.LocalAuthority, Zone: zone},
		fhir: fhir.Options{LocalAuthority: c.LocalAuthority, Zone: zone, MaxBytes: c.MaxMessage}}, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (s *server) buildOps(context.Context) error {
	ready := func(ctx context.Context) error {
		for _, l := range s.stores {
			if err := l.store.Ping(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	return s.serveHTTP("ops", s.config.Ops.Listen, nil, handlers.Ops(s.metrics, ready))
}

func (s *server) serveHTTP(name, address string, secured *tls.Config, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	h := &http.Server{Handler: handler, TLSConfig: secured, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(quiet{s.log.Handler()}, slog.LevelDebug)}
	s.tasks = append(s.tasks, func(ctx context.Context) error { return serveUntil(ctx, h, listener) })
	s.log.Info("listening", "listener", name, "address", address)
	return nil
}

// serveUntil serves until ctx ends, then lets what is under way finish.
func serveUntil(ctx context.Context, h *http.Server, listener net.Listener) error {
	ended := make(chan error, 1)
	go func() {
		if h.TLSConfig != nil {
			ended <- h.ServeTLS(listener, "", "")
			return
		}
		ended <- h.Serve(listener)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return h.Shutdown(grace)
	}
}

func (s *server) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, task := range s.tasks {
		group.Go(func() error { return task(ctx) })
	}
	return group.Wait()
}

// close leaves the entry of each service's end (TR1.b) and lets the database go.
func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, closeIt := range s.closers {
		closeIt()
	}
	for _, l := range s.stores {
		if err := l.store.LeaveEvent(ctx, l.request(), traces.ServiceStop); err != nil {
			s.log.Warn("service stop not traced", "error", err.Error())
		}
		if err := l.store.Close(); err != nil {
			s.log.Warn("close database", "error", err.Error())
		}
	}
}

// quiet keeps net/http's own lines, which may quote what a client sent.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	what, _, _ := strings.Cut(r.Message, ":")
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, what, r.PC))
}
