package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// Sizes of RSA keys: what a new one has (ANSSI PG-083: 3072 bits beyond 2030),
// and the least of one that is brought.
const (
	newRSA = 3072
	minRSA = 2048
)

// ClientKeys are our own private keys towards a provider. It encrypts for the
// ones to open with, and checks what the first one to sign with has signed; all
// of them are published, in this order, so that a change of keys costs nobody
// a sign-in.
type ClientKeys struct {
	opening []jose.JSONWebKey
	signing []jose.JSONWebKey
}

// ParseClientKeys reads key files, each a private JWK or a PKCS #8 key in PEM.
// Those to open with are for the agreed key encryption; those to sign with are
// for ES256.
func ParseClientKeys(encryption string, opening, signing [][]byte) (*ClientKeys, error) {
	k := &ClientKeys{}
	for _, file := range opening {
		key, err := parseClientKey(file, encryption, "enc")
		if err != nil {
			return nil, fmt.Errorf("parse decryption key: %w", err)
		}
		k.opening = append(k.opening, key)
	}
	for _, file := range signing {
		key, err := parseClientKey(file, string(jose.ES256), "sig")
		if err != nil {
			return nil, fmt.Errorf("parse signing key: %w", err)
		}
		k.signing = append(k.signing, key)
	}
	return k, nil
}

// parseClientKey reads one key. No error repeats what a library says of it.
func parseClientKey(file []byte, algorithm, use string) (jose.JSONWebKey, error) {
	key := jose.JSONWebKey{}
	if block, _ := pem.Decode(file); block != nil {
		private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return key, errors.New("not a PKCS #8 key")
		}
		key.Key = private
	} else if err := json.Unmarshal(file, &key); err != nil {
		return key, errors.New("neither a JWK nor PEM")
	}
	if key.Use != "" && key.Use != use || key.Algorithm != "" && key.Algorithm != algorithm {
		return key, errors.New("made for another use")
	}
	if !isKeyFor(key.Key, algorithm) {
		return key, fmt.Errorf("not a private key for %s, or too weak", algorithm)
	}
	key.Use, key.Algorithm = use, algorithm
	if key.KeyID == "" {
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		if err != nil {
			return key, errors.New("cannot be named")
		}
		key.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	}
	return key, nil
}

// isKeyFor reports whether a private key is of the kind and strength that an
// algorithm asks for.
func isKeyFor(key any, algorithm string) bool {
	switch private := key.(type) {
	case *rsa.PrivateKey:
		return algorithm == string(jose.RSA_OAEP_256) && private.N.BitLen() >= minRSA
	case *ecdsa.PrivateKey:
		return (algorithm == string(jose.ECDH_ES) || algorithm == string(jose.ES256)) && private.Curve == elliptic.P256()
	}
	return false
}

// NewClientKey makes a key for RSA-OAEP-256, ECDH-ES or ES256 and returns it as
// a private JWK.
func NewClientKey(algorithm string) ([]byte, error) {
	key := jose.JSONWebKey{Algorithm: algorithm, Use: "enc"}
	var err error
	switch algorithm {
	case string(jose.RSA_OAEP_256):
		key.Key, err = rsa.GenerateKey(rand.Reader, newRSA)
	case string(jose.ECDH_ES):
		key.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case string(jose.ES256):
		key.Use = "sig"
		key.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, errors.New("make key: not an algorithm of ours")
	}
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	thumbprint, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name key: %w", err)
	}
	key.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	return json.Marshal(key)
}

// PublicKeys returns the key set that providers read (RFC 7517): public halves
// only, each once, those of the first first.
func PublicKeys(all ...*ClientKeys) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range all {
		for _, key := range slices.Concat(k.opening, k.signing) {
			known := slices.ContainsFunc(set.Keys, func(other jose.JSONWebKey) bool { return other.KeyID == key.KeyID && other.Use == key.Use })
			if !known {
				set.Keys = append(set.Keys, key.Public())
			}
		}
	}
	return json.Marshal(set)
}

// PublishedKeys returns the key set for the providers that need one, nil where
// none does.
func PublishedKeys(providers map[string]*Provider) ([]byte, error) {
	var all []*ClientKeys
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		if providers[name].clientKeys == nil {
			continue
		}
		keys, err := providers[name].clientKeys()
		if err != nil {
			return nil, fmt.Errorf("read keys of provider %s: %w", name, err)
		}
		all = append(all, keys)
	}
	if all == nil {
		return nil, nil
	}
	return PublicKeys(all...)
}

// named returns the keys to open with that a token means: the one it names, or
// any where it names none.
func (k *ClientKeys) named(id string) []jose.JSONWebKey {
	if id == "" {
		return k.opening
	}
	var found []jose.JSONWebKey
	for _, key := range k.opening {
		if key.KeyID == id {
			found = append(found, key)
		}
	}
	return found
}
