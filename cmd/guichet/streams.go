package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"guichet/certificate"
	"guichet/configs"
	"guichet/handlers/courier"
	"guichet/handlers/sequencer"
	"guichet/store"
	"guichet/traces/stream"
)

// streamFormats are what the configuration calls the formats.
var streamFormats = map[string]stream.Format{configs.StreamAuditEvent: stream.FormatFHIR, configs.StreamDICOM: stream.FormatDICOM, configs.StreamCEF: stream.FormatCEF}

// outsideTimeout bounds a request to a receiver outside.
const outsideTimeout = 30 * time.Second

// buildStreams makes a courier for each receiver of entries. It sends while this
// process sequences.
func (s *server) buildStreams(ctx context.Context, db *store.Store, outside *outside, leads func() bool) error {
	names := []string{}
	for _, settings := range s.config.Traces.Streams {
		if !settings.Receives() {
			continue
		}
		receiver, err := outside.receiver(settings)
		if err != nil {
			return fmt.Errorf("stream %s: %w", settings.Name, err)
		}
		behind, purged := s.metrics.StreamBehind.WithLabelValues(settings.Name), s.metrics.StreamPurged.WithLabelValues(settings.Name)
		c := courier.New(courier.Options{Store: db, Name: settings.Name, Receiver: receiver, Log: s.log, Leads: leads, Measure: func(waiting, gone int64) {
			behind.Set(float64(waiting))
			purged.Add(float64(gone))
		}})
		s.tasks = append(s.tasks, c.Serve)
		names = append(names, settings.Name)
	}
	return db.KeepStreams(ctx, names)
}

// buildRelays makes a relay for each receiver of checkpoints, and for the time
// stamp authority.
func (s *server) buildRelays(outside *outside, folder sequencer.Folder) ([]*sequencer.Relay, error) {
	var relays []*sequencer.Relay
	add := func(name string, every time.Duration, send func(context.Context, []byte) error) {
		taken := s.metrics.CheckpointTaken.WithLabelValues(name)
		r := sequencer.NewRelay(sequencer.RelayOptions{Name: name, Send: send, Every: every, Log: s.log,
			Took: func(at time.Time) { taken.Set(float64(at.Unix())) }, Alarm: s.alarmCheckpoint})
		relays = append(relays, r)
		s.tasks = append(s.tasks, r.Serve)
	}
	for _, settings := range s.config.Traces.Streams {
		if settings.Receives() {
			continue
		}
		send, err := outside.checkpoints(settings, folder)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", settings.Name, err)
		}
		add(settings.Name, 0, send)
	}
	if c := s.config.Traces.Timestamp; c.URL != "" {
		client, err := outside.client(configs.ClientTLS{CA: c.CA})
		if err != nil {
			return nil, fmt.Errorf("time stamps: %w", err)
		}
		authorities, err := authoritiesIn(c.Authorities)
		if err != nil {
			return nil, fmt.Errorf("time stamps: %w", err)
		}
		add("timestamp", c.Interval, sequencer.Stamps{URL: c.URL, Client: client, Authorities: authorities, Folder: folder}.Send)
	}
	return relays, nil
}

// alarmCheckpoint tells operators that a receiver has taken no checkpoint for long.
func (s *server) alarmCheckpoint(name string) {
	s.metrics.Alerts.WithLabelValues("checkpoint-behind").Inc()
	s.log.Error("alert: checkpoint-behind", "kind", "checkpoint-behind", "receiver", name)
}

// authoritiesIn reads the certificates of a file.
func authoritiesIn(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file) // #nosec G304 -- the file that the configuration or the user names
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s: no certificate in it", file)
	}
	return pool, nil
}

// outside is how receivers outside are reached.
type outside struct {
	checker *certificate.Checker
	source  stream.Source
}

func (s *server) newOutside() (*outside, error) {
	checker, err := s.checker("receivers", s.config.Revocation.Receivers)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this machine: %w", err)
	}
	public, err := url.Parse(s.config.Portal.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("portal.public_url: %w", err)
	}
	return &outside{checker: checker, source: stream.Source{Host: host, Site: public.Host, Version: version()}}, nil
}

func (o *outside) receiver(c configs.TraceStream) (courier.Receiver, error) {
	if c.URL == "" {
		sender, err := o.sender(c)
		return courier.Lines{Format: streamFormats[c.Format], Source: o.source, Sender: sender}, err
	}
	client, err := o.client(c.TLS())
	return courier.Bundles{URL: c.URL, Client: client, Token: tokenOf(c.TokenFile), Source: o.source}, err
}

// checkpoints is how a receiver is sent them.
func (o *outside) checkpoints(c configs.TraceStream, folder sequencer.Folder) (func(context.Context, []byte) error, error) {
	if c.URL == "" {
		sender, err := o.sender(c)
		return sequencer.Line{Verifier: folder.Verifier, Source: o.source, Sender: sender}.Send, err
	}
	client, err := o.client(c.TLS())
	return sequencer.Post{URL: c.URL, Client: client, Token: tokenOf(c.TokenFile)}.Send, err
}

// sender sends lines of syslog. It tries once: who calls tries again.
func (o *outside) sender(c configs.TraceStream) (*stream.Sender, error) {
	secured, err := c.TLS().Outside()
	if err != nil {
		return nil, err
	}
	return stream.NewSender(stream.SenderOptions{Address: c.Address, TLS: o.checker.Wrap(secured), Timeout: outsideTimeout, Attempts: 1})
}

// client speaks to one server, through no proxy, and goes nowhere that it is sent.
func (o *outside) client(side configs.ClientTLS) (*http.Client, error) {
	secured, err := side.Outside()
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: outsideTimeout, Transport: o.checker.Transport(&http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// tokenOf reads a bearer token each time it is needed: it may be replaced.
func tokenOf(file string) func() (string, error) {
	if file == "" {
		return nil
	}
	return func() (string, error) {
		secret, err := configs.ReadSecret(file)
		return secret.Reveal(), err
	}
}
