package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/certificate"
	"guichet/configs"
	"guichet/handlers"
	"guichet/store"
	"guichet/store/storetest"
)

// TestServeTellsAlerts: what rings is posted by the process that serves the
// portal, where no witness runs.
func TestServeTellsAlerts(t *testing.T) {
	e := newEstate(t, "")
	heard := make(chan string, 10)
	receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard <- r.Header.Get("Authorization") + " " + string(body)
	}))
	receiver.TLS = &tls.Config{Certificates: []tls.Certificate{e.pairs["provider"]}}
	receiver.StartTLS()
	t.Cleanup(receiver.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("t0ken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(e.config, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "[alerts.webhook]\nurl = %q\nca_file = %q\ntoken_file = %q\n[revocation.alerts]\ncrl_files = [%q]\n",
		strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1), e.authority.Path("ca.pem"), token, e.authority.Path("ca.crl")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.database.Superuser(t).Exec(`INSERT INTO guichet.alert (at, kind, about, entry) VALUES (guichet.clock(), 'not-me', '', 4711)`); err != nil {
		t.Fatal(err)
	}
	e.serve()
	if got := <-heard; !strings.HasPrefix(got, "Bearer t0ken {") || !strings.Contains(got, `"kind":"not-me"`) || !strings.Contains(got, `"entry":4711`) {
		t.Errorf("posted %s", got)
	}
}

// TestChannelsCheckWhomTheyTell: a receiver whose certificate was revoked hears
// nothing (AA3.b), and a secret that others can read stops the start.
func TestChannelsCheckWhomTheyTell(t *testing.T) {
	authority := storetest.NewAuthority(t)
	pair := authority.Issue(t, "localhost")
	heard := 0
	receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard++ }))
	receiver.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	receiver.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	receiver.StartTLS()
	t.Cleanup(receiver.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{log: slog.New(slog.DiscardHandler), metrics: handlers.NewMetrics(), config: configs.Guichet{
		Revocation: configs.PeerRevocation{Alerts: configs.Revocation{CRLFiles: []string{authority.Path("ca.crl")}, WhenUnknown: configs.Refuse, Grace: time.Hour}},
		Alerts: configs.Alerts{
			Mail:    configs.AlertMail{Server: "localhost:25", TLS: configs.StartTLS, CAFile: authority.Path("ca.pem"), User: "guichet", PasswordFile: secret, From: "a@b.example", To: []string{"c@d.example"}},
			Webhook: configs.AlertWebhook{URL: strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1), CAFile: authority.Path("ca.pem"), TokenFile: secret}}}}
	channels, err := s.channels()
	if err != nil || len(channels) != 2 || channels[0].Name() != "mail" || channels[1].Name() != "webhook" {
		t.Fatalf("got %v, %v", channels, err)
	}
	if err := channels[1].Tell(t.Context(), store.Alert{Kind: "not-me"}); err != nil || heard != 1 {
		t.Errorf("at first: %v, heard %d", err, heard)
	}
	authority.Revoke(t, pair)
	err = channels[1].Tell(t.Context(), store.Alert{Kind: "not-me"})
	if refused, ok := errors.AsType[*certificate.Refused](err); !ok || refused.Cause != certificate.Revoked || heard != 1 {
		t.Errorf("revoked: %v, heard %d", err, heard)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.channels(); err == nil {
		t.Error("started with a secret that others can read")
	}
}
