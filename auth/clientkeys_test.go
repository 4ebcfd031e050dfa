package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth"
	"guichet/auth/authtest"
)

// published reads a key set as a provider does.
func published(t *testing.T, keys ...*auth.ClientKeys) []map[string]any {
	t.Helper()
	text, err := auth.PublicKeys(keys...)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

func parse(t *testing.T, encryption string, opening, signing [][]byte) *auth.ClientKeys {
	t.Helper()
	keys, err := auth.ParseClientKeys(encryption, opening, signing)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestPublishedKeysAreThePublicHalves(t *testing.T) {
	keys := authtest.Keys(t, "RSA-OAEP-256")
	got := published(t, keys, keys) // two providers with the same files
	if len(got) != 2 {
		t.Fatalf("got %d keys, want each once", len(got))
	}
	for i, want := range []struct{ use, alg, kty string }{{"enc", "RSA-OAEP-256", "RSA"}, {"sig", "ES256", "EC"}} {
		if got[i]["use"] != want.use || got[i]["alg"] != want.alg || got[i]["kty"] != want.kty || got[i]["kid"] == "" {
			t.Errorf("got use %v, alg %v, kty %v", got[i]["use"], got[i]["alg"], got[i]["kty"])
		}
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, leaked := got[i][secret]; leaked {
				t.Errorf("the private member %s is published", secret)
			}
		}
	}
	if text, err := auth.PublicKeys(); err != nil || string(text) != `{"keys":[]}` {
		t.Errorf("no keys: got %s, %v", text, err)
	}
}

// TestOurKeysRotateWithoutDowntime walks the documented procedure: at no step
// is a sign-in refused, whichever published key the provider takes.
func TestOurKeysRotateWithoutDowntime(t *testing.T) {
	for _, encryption := range []jose.KeyAlgorithm{jose.RSA_OAEP_256, jose.ECDH_ES} {
		t.Run(string(encryption), func(t *testing.T) {
			s := authtest.NewPlus(t, encryption)
			old, fresh := authtest.KeyFile(t, string(encryption)), authtest.KeyFile(t, string(encryption))
			ours := parse(t, string(encryption), [][]byte{old}, nil)
			o := s.Options()
			o.Keys = func() (*auth.ClientKeys, error) { return ours, nil }
			p, b := newProvider(t, o), newBrowser(t, nil)
			signIn := func(step string) {
				t.Helper()
				if _, err := b.signIn(s, p); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			}
			s.Keys = ours
			signIn("before")
			ours = parse(t, string(encryption), [][]byte{fresh, old}, nil)
			signIn("both, and the provider still has the old key")
			if all := published(t, ours); len(all) != 2 || all[0]["kid"] != published(t, parse(t, string(encryption), [][]byte{fresh}, nil))[0]["kid"] {
				t.Errorf("the new key is not published first of two")
			}
			s.Keys = ours
			signIn("both, and the provider has the new key")
			ours = parse(t, string(encryption), [][]byte{fresh}, nil)
			signIn("the old key is gone")
			s.Keys = parse(t, string(encryption), [][]byte{old}, nil)
			_, err := b.signIn(s, p)
			wantRefusal(t, err, auth.ReasonEncryption)
		})
	}
}

func TestKeyFiles(t *testing.T) {
	curve := func(c elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024) // #nosec G403 -- it must be refused
	if err != nil {
		t.Fatal(err)
	}
	p256 := curve(elliptic.P256())
	inPEM := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	jwk := func(key jose.JSONWebKey) []byte {
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	es256 := authtest.KeyFile(t, "ES256")
	tests := []struct {
		name       string
		encryption string
		file       []byte
		ok         bool
	}{
		{"PEM", "ECDH-ES", inPEM(p256), true},
		{"JWK without a name", "ECDH-ES", jwk(jose.JSONWebKey{Key: p256}), true},
		{"made by us", "ECDH-ES", authtest.KeyFile(t, "ECDH-ES"), true},
		{"for signatures", "ECDH-ES", es256, false},
		{"for another algorithm", "ECDH-ES", jwk(jose.JSONWebKey{Key: p256, Algorithm: "ECDH-ES+A256KW"}), false},
		{"another curve", "ECDH-ES", inPEM(curve(elliptic.P384())), false},
		{"weak RSA", "RSA-OAEP-256", inPEM(weak), false},
		{"another kind", "RSA-OAEP-256", inPEM(p256), false},
		{"public", "ECDH-ES", jwk(jose.JSONWebKey{Key: p256.Public()}), false},
		{"a shared secret", "ECDH-ES", jwk(jose.JSONWebKey{Key: []byte("secret secret secret secret secr")}), false},
		{"empty", "ECDH-ES", nil, false},
		{"a key set", "ECDH-ES", []byte(`{"keys":[]}`), false},
		{"garbage in PEM", "ECDH-ES", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("MOREAU")}), false},
	}
	for _, test := range tests {
		keys, err := auth.ParseClientKeys(test.encryption, [][]byte{test.file}, nil)
		if ok := err == nil; ok != test.ok {
			t.Errorf("%s: got %v, want accepted %v", test.name, err, test.ok)
		}
		if err != nil && strings.Contains(err.Error(), "MOREAU") {
			t.Errorf("%s: the error repeats the file", test.name)
		}
		if test.ok && (keys == nil || published(t, keys)[0]["kid"] == nil) {
			t.Errorf("%s: the key has no name", test.name)
		}
	}
	if _, err := auth.ParseClientKeys("ECDH-ES", nil, [][]byte{es256}); err != nil {
		t.Errorf("signing key: %v", err)
	}
	if _, err := auth.NewClientKey("RS256"); err == nil {
		t.Error("a key for an algorithm that is not ours was made")
	}
	if first, again := authtest.KeyFile(t, "ES256"), authtest.KeyFile(t, "ES256"); slices.Equal(first, again) {
		t.Error("two keys are the same")
	}
}
