package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"guichet/configs"
)

// ready is the content of ready.json, for scripts; nil is what is not built
// yet.
type ready struct {
	URLs     readyURLs     `json:"urls"`
	MLLP     string        `json:"mllp"`
	CA       string        `json:"ca"`
	Feed     readyFeed     `json:"feed"`
	Database readyDatabase `json:"database"`
	People   []Person      `json:"people"`
	Traces   readyTraces   `json:"traces"`
	Config   string        `json:"config"`
}

type readyURLs struct {
	Public          string  `json:"public"`
	Console         *string `json:"console"`
	FHIR            *string `json:"fhir"`
	Ops             string  `json:"ops"`
	FranceConnect   string  `json:"franceconnect"`
	ProSanteConnect string  `json:"proSanteConnect"`
}

type readyFeed struct {
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// readyDatabase holds the roles' URLs with their passwords: the file is for
// the user who runs the demo alone.
type readyDatabase struct {
	Owner   string `json:"owner"`
	Portal  string `json:"portal"`
	Console string `json:"console"`
	Intake  string `json:"intake"`
	Officer string `json:"officer"`
}

type readyTraces struct {
	PublicKey   string `json:"publicKey"`   // file
	Checkpoints string `json:"checkpoints"` // folder
}

func (d *demo) writeReady() error {
	r, err := d.describe()
	if err != nil {
		return err
	}
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetEscapeHTML(false) // people copy the addresses
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("encode ready.json: %w", err)
	}
	return writeFile(d.folder.path("ready.json"), 0o600, content.Bytes())
}

func (d *demo) describe() (ready, error) {
	portal, err := d.urlWithPassword("guichet_portal")
	if err != nil {
		return ready{}, err
	}
	intake, err := d.urlWithPassword("guichet_intake")
	if err != nil {
		return ready{}, err
	}
	console, err := d.urlWithPassword("guichet_console")
	if err != nil {
		return ready{}, err
	}
	officer, err := d.urlWithPassword("guichet_officer")
	if err != nil {
		return ready{}, err
	}
	providers, fhir := d.ports.url(d.ports.providers), d.fhirURL()
	feed := d.feedTLS()
	return ready{
		URLs: readyURLs{
			Public:        d.ports.url(d.ports.waf),
			FHIR:          &fhir,
			Ops:           "http://" + d.ports.listen(d.ports.ops),
			FranceConnect: providers + "/franceconnect", ProSanteConnect: providers + "/psc",
		},
		MLLP:     d.ports.address(d.ports.mllp),
		CA:       feed.CA,
		Feed:     readyFeed{Cert: feed.Certificate, Key: feed.Key},
		Database: readyDatabase{Owner: d.cluster.URL("guichet_owner", database), Portal: portal, Console: console, Intake: intake, Officer: officer},
		Traces:   readyTraces{PublicKey: d.folder.path(tracesPublic), Checkpoints: d.folder.path(checkpoints)},
		People:   d.people,
		Config:   d.folder.path("guichet.toml"),
	}, nil
}

func (d *demo) urlWithPassword(role string) (string, error) {
	u, err := url.Parse(d.cluster.URL(role, database))
	if err != nil {
		return "", fmt.Errorf("parse database URL: %w", err)
	}
	u.User = url.UserPassword(role, d.secrets.values[role])
	return u.String(), nil
}

// awaitReady asks every listener until all have answered once.
func (d *demo) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	trusting, err := configs.ClientTLS{CA: d.folder.path("ca.pem")}.Config()
	if err != nil {
		return fmt.Errorf("trust own authority: %w", err)
	}
	feeding, err := d.feedTLS().Config()
	if err != nil {
		return fmt.Errorf("show feed certificate: %w", err)
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: trusting, DisableKeepAlives: true},
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	providers := d.ports.url(d.ports.providers)
	for _, listener := range []struct {
		name string
		ask  func(context.Context) error
	}{
		{"idpsim", func(ctx context.Context) error {
			return errors.Join(
				answers(ctx, client, providers+"/franceconnect/.well-known/openid-configuration"),
				answers(ctx, client, providers+"/psc/.well-known/openid-configuration"))
		}},
		{"serve", func(ctx context.Context) error {
			return answers(ctx, client, "http://"+d.ports.listen(d.ports.ops)+"/readyz")
		}},
		{"serve (MLLP)", func(ctx context.Context) error { return shakesHands(ctx, d.ports.listen(d.ports.mllp), feeding) }},
		{"serve (FHIR)", func(ctx context.Context) error { return shakesHands(ctx, d.ports.listen(d.ports.intake), feeding) }},
		{"waf", func(ctx context.Context) error { return answers(ctx, client, d.ports.url(d.ports.waf)+"/") }},
	} {
		if err := d.await(ctx, listener.ask); err != nil {
			return fmt.Errorf("%s does not answer: %w", listener.name, err)
		}
	}
	return nil
}

// await repeats ask until it succeeds, time is up, or a service dies again and
// again.
func (d *demo) await(ctx context.Context, ask func(context.Context) error) error {
	for {
		last := ask(ctx)
		if last == nil {
			return nil
		}
		if err := d.supervisor.trouble(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answers asks as a browser would, since the WAF may refuse less.
func answers(ctx context.Context, client *http.Client, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", "Mozilla/5.0 (guichet demo)")
	request.Header.Set("Accept", "text/html,application/json;q=0.9")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

func shakesHands(ctx context.Context, address string, config *tls.Config) error {
	connection, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}
