package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"guichet/certificate"
	"guichet/configs"
)

// limits are what one client, and all together, may ask of the WAF.
type limits struct {
	header, read, write, idle time.Duration
	headerBytes               int
	streams                   int   // HTTP/2, at once on a connection
	connections, fromOne      int   // in all, and from one address
	bodyBytes                 int64 // of all bodies in memory
	stop                      time.Duration
}

// defaultLimits let a slow telephone through and end a client that drips its
// request. Many patients may share one address: a hospital's own network.
func defaultLimits() limits {
	return limits{
		header: 5 * time.Second, read: 30 * time.Second, write: 2 * time.Minute, idle: time.Minute,
		headerBytes: 16 << 10, streams: 64, connections: 4096, fromOne: 256, bodyBytes: 256 << 20,
		stop: 20 * time.Second,
	}
}

// service is the WAF, ready to serve.
type service struct {
	server   *http.Server
	listener net.Listener
	log      *slog.Logger
	stop     time.Duration
	watch    *certificate.Watch // on what will run out
}

// newService builds everything in the order it is needed; an error leaves
// nothing open.
func newService(config configs.WAF, judge *firewall, bounds limits, logger *slog.Logger) (*service, error) {
	public, err := url.Parse(config.PublicURL)
	if err != nil {
		return nil, errors.New("public_url: not a URL")
	}
	upstream, err := url.Parse(config.Upstream)
	if err != nil {
		return nil, errors.New("upstream: not a URL")
	}
	proxies, err := parseProxies(config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	serverTLS, err := config.TLS.Config()
	if err != nil {
		return nil, err
	}
	clientTLS, err := config.UpstreamTLS.Config()
	if err != nil {
		return nil, err
	}
	checks := certificate.Options{Log: logger}
	portalCheck, err := certificate.NewChecker("portal", config.Revocation, checks)
	if err != nil {
		return nil, err
	}
	errorLog := log.New(libraryLog{logger}, "", 0)
	portal := newProxy(upstream, portalCheck.Transport(newTransport(clientTLS)), errorLog, func(w http.ResponseWriter, x *exchange) {
		pageUnavailable.write(w, reference(x.id))
	})
	handler := &gate{
		host: hostOf(public), proxies: proxies, firewall: judge, portal: portal, log: logger,
		bodies: &bodyReader{max: int64(config.MaxBody), budget: bounds.bodyBytes},
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return &service{
		listener: limitConnections(listener, proxies, bounds.connections, bounds.fromOne),
		log:      logger,
		stop:     bounds.stop,
		watch:    certificate.NewWatch(config.CertificateFiles(), checks),
		server: &http.Server{
			Handler: handler, TLSConfig: serverTLS, ErrorLog: errorLog,
			ReadHeaderTimeout: bounds.header, ReadTimeout: bounds.read, WriteTimeout: bounds.write, IdleTimeout: bounds.idle,
			MaxHeaderBytes: bounds.headerBytes, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: bounds.streams},
			DisableGeneralOptionsHandler: true,
		},
	}, nil
}

// defaultPort need not be named in a Host header.
const defaultPort = ":443"

func hostOf(u *url.URL) string { return strings.TrimSuffix(u.Host, defaultPort) }

// run serves until ctx ends, then lets what is under way come to its end.
func (s *service) run(ctx context.Context) error {
	failed := make(chan error, 1)
	watching, rest := context.WithCancel(ctx)
	defer rest()
	go func() { _ = s.watch.Run(watching) }()
	go func() { failed <- s.server.ServeTLS(s.listener, "", "") }()
	s.log.Info("listening", "address", s.listener.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.log.Info("stopping")
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.stop)
	defer cancel()
	if err := s.server.Shutdown(patience); err != nil {
		_ = s.server.Close()
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
