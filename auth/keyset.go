package auth

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	keysLife   = time.Hour      // after which they are asked for again
	keysStale  = 24 * time.Hour // after which they are worth nothing
	maxFetches = 6              // of keys in a minute
)

var (
	errUnknownKey = errors.New("the token names a key that the provider does not publish")
	errSignature  = errors.New("the signature is not that key's")
	errKeys       = errors.New("the provider's keys cannot be read")
)

// keySet is the keys of one provider. A token that names an unknown one makes
// it ask again, so that a rotation costs nobody a sign-in; but not without
// bound, since whoever holds a code can have such a token sent. go-oidc's own
// has no bound, asks again at each bad signature too, and never lets go of a
// key that was withdrawn.
type keySet struct {
	client     *http.Client
	algorithms []jose.SignatureAlgorithm
	now        func() time.Time

	mu      sync.Mutex // guards what follows; held while keys are fetched, so that one caller does it for all
	keys    []jose.JSONWebKey
	fetched time.Time // the keys
	window  time.Time // in which fetches are counted
	fetches int
	failed  error // why the last fetch brought nothing
}

// verify returns what a signed token says, by the keys at an address.
func (k *keySet) verify(ctx context.Context, address, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, k.algorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errSignature
	}
	keys, err := k.named(ctx, address, jws.Signatures[0].Protected.KeyID)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if payload, err := jws.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, errSignature
}

// named returns the keys that a token may mean: those of the name it gives, or
// all where it gives none.
func (k *keySet) named(ctx context.Context, address, id string) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.fetched)
	found := k.matching(id)
	if len(found) > 0 && age < keysLife && age > -clockSkew {
		return found, nil
	}
	if k.mayFetch() {
		// Whoever asks first asks for all; that one's browser may go away.
		k.failed = k.fetch(context.WithoutCancel(ctx), address)
		found = k.matching(id)
	}
	switch {
	case k.failed != nil && (len(found) == 0 || age > keysStale):
		return nil, k.failed
	case len(found) == 0:
		return nil, errUnknownKey
	}
	return found, nil
}

func (k *keySet) matching(id string) []jose.JSONWebKey {
	var found []jose.JSONWebKey
	for _, key := range k.keys {
		if id == "" || key.KeyID == id {
			found = append(found, key)
		}
	}
	return found
}

// mayFetch counts fetches, minute by minute.
func (k *keySet) mayFetch() bool {
	now := k.now()
	if since := now.Sub(k.window); since >= time.Minute || since < 0 {
		k.window, k.fetches = now, 0
	}
	k.fetches++
	return k.fetches <= maxFetches
}

func (k *keySet) fetch(ctx context.Context, address string) error {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, k.client, address, &set); err != nil {
		return fmt.Errorf("%w: %w", errKeys, err)
	}
	var keys []jose.JSONWebKey
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		// A key of a kind that is not known here is none of ours.
		if err := json.Unmarshal(text, &key); err == nil && isProvidersKey(key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return errKeys
	}
	k.keys, k.fetched = keys, k.now()
	return nil
}

// isProvidersKey reports whether a published key may sign: a public one, for
// signatures, of some strength.
func isProvidersKey(key jose.JSONWebKey) bool {
	if public, ok := key.Key.(*rsa.PublicKey); ok && public.N.BitLen() < minRSA {
		return false
	}
	return key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig")
}

var errAnswer = errors.New("the provider's answer is not what was asked for")

// getJSON reads a document of the provider's.
func getJSON(ctx context.Context, client *http.Client, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errAnswer
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, into) != nil {
		return errAnswer
	}
	return nil
}
