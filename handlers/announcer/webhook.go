package announcer

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"guichet/store"
)

// WebhookOptions say where alerts are posted.
type WebhookOptions struct {
	URL   string                 // https
	Token func() (string, error) // shown as a bearer token
	TLS   *tls.Config            // whom to believe
	Name  string                 // of the hospital
}

// Webhook posts each alert as JSON. The receiver has it once it answers with a
// status of 2xx; it is led nowhere else.
type Webhook struct {
	o      WebhookOptions
	client *http.Client
}

// NewWebhook returns the channel of a receiver.
func NewWebhook(o WebhookOptions) *Webhook {
	// A connection for each: they are rare, and its certificate is checked anew.
	transport := &http.Transport{TLSClientConfig: o.TLS, DisableKeepAlives: true, TLSHandshakeTimeout: 5 * time.Second, Proxy: http.ProxyFromEnvironment}
	return &Webhook{o: o, client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Name implements [Channel].
func (*Webhook) Name() string { return "webhook" }

// posted is the body: docs/operations.md describes it.
type posted struct {
	ID      int64     `json:"id"`
	Kind    string    `json:"kind"`
	At      time.Time `json:"at"`
	Entry   int64     `json:"entry"`
	Runbook string    `json:"runbook"`
	Service string    `json:"service"`
	Site    string    `json:"site"`
}

// Tell implements [Channel].
func (w *Webhook) Tell(ctx context.Context, a store.Alert) error {
	body, err := json.Marshal(posted{ID: a.ID, Kind: a.Kind, At: a.At.UTC(), Entry: a.Entry, Runbook: runbook(a), Service: "guichet", Site: w.o.Name})
	if err != nil {
		return err
	}
	token, err := w.o.Token()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.o.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("webhook: not a URL") // the error may quote what stands in it
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "guichet")
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := w.client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("webhook: it answered %d", answer.StatusCode)
	}
	return nil
}
