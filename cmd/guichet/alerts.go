package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"

	"guichet/certificate"
	"guichet/configs"
	"guichet/handlers/announcer"
	"guichet/store"
)

// announce adds the task that tells operators of alerts (AA7.f).
func (s *server) announce(db *store.Store) error {
	channels, err := s.channels()
	if err != nil {
		return err
	}
	s.tasks = append(s.tasks, announcer.New(announcer.Options{Store: db, Channels: channels, Log: s.log, Metrics: s.metrics}).Serve)
	return nil
}

// channels are those that the configuration names. Secrets are read from their
// files at each alert, so that they can be replaced; and once now, so that one
// that is missing stops the start.
func (s *server) channels() ([]announcer.Channel, error) {
	peers, err := s.checker("alerts", s.config.Revocation.Alerts)
	if err != nil {
		return nil, err
	}
	var channels []announcer.Channel
	if c := s.config.Alerts.Mail; c.Server != "" {
		channel, err := newMail(c, s.config.Hospital.Name, peers)
		if err != nil {
			return nil, fmt.Errorf("alerts.mail: %w", err)
		}
		channels = append(channels, channel)
	}
	if c := s.config.Alerts.Webhook; c.URL != "" {
		secured, err := trusting(c.CAFile, peers)
		if err != nil {
			return nil, fmt.Errorf("alerts.webhook: %w", err)
		}
		token, err := secretIn(c.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("alerts.webhook: %w", err)
		}
		channels = append(channels, announcer.NewWebhook(announcer.WebhookOptions{URL: c.URL, Token: token, TLS: secured, Name: s.config.Hospital.Name}))
	}
	return channels, nil
}

func newMail(c configs.AlertMail, name string, peers *certificate.Checker) (*announcer.Mail, error) {
	host, number, err := net.SplitHostPort(c.Server)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	secured, err := trusting(c.CAFile, peers)
	if err != nil {
		return nil, err
	}
	o := announcer.MailOptions{Host: host, Port: port, Implicit: c.TLS == configs.ImplicitTLS, TLS: secured, User: c.User, From: c.From, To: c.To, Name: name}
	if c.User != "" {
		if o.Password, err = secretIn(c.PasswordFile); err != nil {
			return nil, err
		}
	}
	return announcer.NewMail(o), nil
}

// trusting is the client's side of TLS, whose handshakes end with the check of
// revocation.
func trusting(file string, peers *certificate.Checker) (*tls.Config, error) {
	secured, err := configs.Trusting(file)
	if err != nil {
		return nil, err
	}
	return peers.Wrap(secured), nil
}

// secretIn returns how to come by the secret of a file as it is now.
func secretIn(file string) (func() (string, error), error) {
	read := func() (string, error) {
		secret, err := configs.ReadSecret(file)
		if err != nil {
			return "", err
		}
		return secret.Reveal(), nil
	}
	_, err := read()
	return read, err
}
