package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keyServer publishes keys, and counts who asks.
type keyServer struct {
	*keySet
	now     time.Time
	address string
	status  int
	set     any
	asked   atomic.Int64
}

func newKeyServer(t *testing.T) *keyServer {
	t.Helper()
	s := &keyServer{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), status: http.StatusOK}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.asked.Add(1)
		w.WriteHeader(s.status)
		_ = json.NewEncoder(w).Encode(s.set) // the test sees a broken answer
	}))
	t.Cleanup(server.Close)
	s.address = server.URL
	s.keySet = &keySet{client: newClient(server.Client().Transport, callTimeout), algorithms: []jose.SignatureAlgorithm{jose.ES256, jose.RS256},
		now: func() time.Time { return s.now }}
	return s
}

func newCurveKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func token(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s *keyServer) publish(keys ...any) { s.set = map[string]any{"keys": keys} }

// TestFetchesOfKeysAreBounded: tokens that name unknown keys make us ask again,
// but not as often as they come.
func TestFetchesOfKeysAreBounded(t *testing.T) {
	s := newKeyServer(t)
	known, stranger := newCurveKey(t), newCurveKey(t)
	s.publish(jose.JSONWebKey{Key: known.Public(), KeyID: "known"})
	good, bad := token(t, jose.ES256, known, "known"), token(t, jose.ES256, stranger, "unknown")
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			if _, err := s.verify(t.Context(), s.address, bad); !errors.Is(err, errUnknownKey) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	if got := s.asked.Load(); got != maxFetches {
		t.Errorf("got %d fetches for a hundred unknown keys, want %d", got, maxFetches)
	}
	if _, err := s.verify(t.Context(), s.address, good); err != nil {
		t.Errorf("a known key meanwhile: %v", err)
	}
	s.now = s.now.Add(time.Minute)
	s.publish(jose.JSONWebKey{Key: known.Public(), KeyID: "known"}, jose.JSONWebKey{Key: stranger.Public(), KeyID: "unknown"})
	if _, err := s.verify(t.Context(), s.address, bad); err != nil {
		t.Errorf("once it is published: %v", err)
	}
	forged := token(t, jose.ES256, stranger, "known")
	before := s.asked.Load()
	if _, err := s.verify(t.Context(), s.address, forged); !errors.Is(err, errSignature) || s.asked.Load() != before {
		t.Errorf("a bad signature: got %v and %d fetches", err, s.asked.Load()-before)
	}
}

// TestWithdrawnKeysAreForgotten, at the latest within the hour; while the
// provider's keys cannot be had, the old ones serve for a day.
func TestWithdrawnKeysAreForgotten(t *testing.T) {
	s := newKeyServer(t)
	old, fresh := newCurveKey(t), newCurveKey(t)
	s.publish(jose.JSONWebKey{Key: old.Public(), KeyID: "old"})
	signed := token(t, jose.ES256, old, "old")
	check := func(when string, want error) {
		t.Helper()
		if _, err := s.verify(t.Context(), s.address, signed); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	check("at first", nil)
	s.status = http.StatusInternalServerError
	s.now = s.now.Add(2 * time.Hour)
	check("the provider does not publish", nil)
	s.now = s.now.Add(23 * time.Hour)
	check("for a day", errDown)
	s.status = http.StatusOK
	s.now = s.now.Add(time.Minute)
	check("it publishes again", nil)
	s.publish(jose.JSONWebKey{Key: fresh.Public(), KeyID: "fresh"})
	s.now = s.now.Add(keysLife)
	check("it has withdrawn the key", errUnknownKey)
}

func TestKeysThatMayNotSign(t *testing.T) {
	s := newKeyServer(t)
	key := newCurveKey(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024) // #nosec G403 -- it must be refused
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		published any
		signed    string
		want      error
	}{
		"for encryption":  {jose.JSONWebKey{Key: key.Public(), KeyID: "k", Use: "enc"}, token(t, jose.ES256, key, "k"), errKeys},
		"weak":            {jose.JSONWebKey{Key: weak.Public(), KeyID: "k"}, token(t, jose.RS256, weak, "k"), errKeys},
		"private":         {jose.JSONWebKey{Key: key, KeyID: "k"}, token(t, jose.ES256, key, "k"), errKeys},
		"a shared secret": {map[string]string{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}, token(t, jose.ES256, key, "k"), errKeys},
		"of no kind":      {map[string]string{"kty": "quantum", "kid": "k"}, token(t, jose.ES256, key, "k"), errKeys},
		"no table":        {5, token(t, jose.ES256, key, "k"), errKeys},
		"a good one":      {jose.JSONWebKey{Key: key.Public(), KeyID: "k"}, token(t, jose.ES256, key, "k"), nil},
		"without name":    {jose.JSONWebKey{Key: key.Public(), KeyID: "k"}, token(t, jose.ES256, key, ""), nil},
	} {
		s.now = s.now.Add(keysLife)
		s.keys = nil
		s.publish(test.published)
		if _, err := s.verify(t.Context(), s.address, test.signed); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}
