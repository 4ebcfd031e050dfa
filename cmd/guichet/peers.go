package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"guichet/certificate"
	"guichet/configs"
	"guichet/handlers"
)

// certificateOptions make checks of certificates count and log here.
func certificateOptions(log *slog.Logger, metrics *handlers.Metrics) certificate.Options {
	return certificate.Options{
		Log:     log,
		Checked: func(peer, outcome string) { metrics.Certificates.WithLabelValues(peer, outcome).Inc() },
		Expires: func(use string, when time.Time) { metrics.Expiry.WithLabelValues(use).Set(float64(when.Unix())) },
	}
}

// checker checks the certificates of one kind of peer of this process.
func (s *server) checker(peer string, settings configs.Revocation) (*certificate.Checker, error) {
	return certificate.NewChecker(peer, settings, certificateOptions(s.log, s.metrics))
}

// databaseCheck is the check of the database server's certificate, for a
// command that runs by itself.
func databaseCheck(e *environment, config configs.Guichet) (func(tls.ConnectionState) error, error) {
	checker, err := certificate.NewChecker("database", config.Revocation.Database, certificate.Options{Log: slog.New(slog.NewJSONHandler(e.err, nil))})
	if err != nil {
		return nil, err
	}
	return checker.Verify, nil
}

// watch tells of the certificates and lists that will run out, of the
// listeners that are served here.
func (s *server) watch(wants func(string) bool) func(context.Context) error {
	config := s.config
	if !wants("portal") {
		config.Portal.Listen = ""
	}
	if !wants("witness") {
		config.Database.Sequencer = configs.Role{}
	}
	if !wants("intake") {
		config.Intake.MLLP, config.Intake.FHIR = "", ""
	}
	return certificate.NewWatch(config.CertificateFiles(), certificateOptions(s.log, s.metrics)).Run
}
