package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/configs"
)

const (
	keysLife   = time.Minute // as the library behind FranceConnect keeps them at least
	maxKeySet  = 64 << 10
	keysWait   = 5 * time.Second
	assertLife = 5 * time.Minute

	privateKeyJWT = "private_key_jwt"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// clientKeys are what a relying party publishes, as of a minute ago at most.
type clientKeys struct {
	address    string
	encryption string
	http       *http.Client
	now        func() time.Time

	mu      sync.Mutex // guards what follows
	set     jose.JSONWebKeySet
	fetched time.Time
	spent   map[string]time.Time // assertions, by their jti, until they expire
}

func newClientKeys(c configs.IDPClient, now func() time.Time) (*clientKeys, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read system authorities: %w", err)
	}
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		if !roots.AppendCertsFromPEM(text) {
			return nil, errors.New("ca_file holds no certificate")
		}
	}
	return &clientKeys{
		address: c.JWKSURL, encryption: c.Encryption, now: now, spent: make(map[string]time.Time),
		http: &http.Client{
			Timeout:       keysWait,
			Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// encryptionKey is the first of the published keys that the client has agreed.
func (k *clientKeys) encryptionKey(ctx context.Context) (jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx); err != nil {
		return jose.JSONWebKey{}, err
	}
	for _, key := range k.set.Keys {
		if key.Use == "enc" && key.Algorithm == k.encryption && key.IsPublic() {
			return key, nil
		}
	}
	return jose.JSONWebKey{}, errors.New("the client publishes no key to encrypt for")
}

// refresh fetches what is older than a minute.
func (k *clientKeys) refresh(ctx context.Context) error {
	if age := k.now().Sub(k.fetched); age < keysLife && age >= 0 {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.address, nil)
	if err != nil {
		return fmt.Errorf("fetch client's keys: %w", err)
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	r.Header.Set("User-Agent", "oidc-provider/9.13.3 (guichet demo)")
	resp, err := k.http.Do(r)
	if err != nil {
		return fmt.Errorf("fetch client's keys: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch client's keys: status %d", resp.StatusCode)
	}
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxKeySet)).Decode(&set); err != nil {
		return errors.New("fetch client's keys: not a key set")
	}
	k.set, k.fetched = set, k.now()
	return nil
}

// authenticateAssertion returns the client that signed the assertion in r
// (RFC 7523).
func (p *provider) authenticateAssertion(r *http.Request) (*client, bool) {
	jws, err := jose.ParseSignedCompact(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || r.PostForm.Get("client_assertion_type") != assertionType || r.Header.Get("Authorization") != "" || r.PostForm.Has("client_secret") {
		return nil, false
	}
	var claimed assertion
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claimed); err != nil {
		return nil, false
	}
	c, ok := p.clients[claimed.Issuer]
	if !ok || c.ClientAuth != privateKeyJWT || !c.keys.hasSigned(r.Context(), jws) {
		return nil, false
	}
	return c, claimed.Subject == c.ClientID && (claimed.Audience == p.issuer+"/token" || claimed.Audience == p.issuer) && c.keys.spend(claimed)
}

// assertion is what a client signs to say who it is.
type assertion struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	Expiry   int64  `json:"exp"`
}

func (k *clientKeys) hasSigned(ctx context.Context, jws *jose.JSONWebSignature) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refresh(ctx) != nil {
		return false
	}
	for _, key := range k.set.Key(jws.Signatures[0].Protected.KeyID) {
		if _, err := jws.Verify(key); err == nil && key.Use == "sig" {
			return true
		}
	}
	return false
}

// spend reports whether an assertion is of now and comes for the first time.
func (k *clientKeys) spend(a assertion) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, until := k.now(), time.Unix(a.Expiry, 0)
	for id, over := range k.spent {
		if now.After(over) {
			delete(k.spent, id)
		}
	}
	_, again := k.spent[a.ID]
	if a.ID == "" || again || !now.Before(until) || until.After(now.Add(assertLife)) || len(k.spent) >= maxGrants {
		return false
	}
	k.spent[a.ID] = until
	return true
}
