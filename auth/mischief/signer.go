package mischief

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// Signature is how a token is signed.
type Signature int

// The ways to sign; only the first is right.
const (
	SignedWell      Signature = iota
	SignedByNone              // alg none
	SignedBySecret            // HS256, with the published key as the secret
	SignedUnknown             // by a key that is not published
	SignedForged              // by another key under a published name
	SignedOtherwise           // by a published key, with an algorithm that was not agreed
	SignedCritical            // well, with a header that is critical and that nobody knows
	SignedJSON                // well, but in the JSON serialisation
	SignedPlain               // not: the claims as they are
	SignedNotAtAll            // not a token
)

// Signer signs as the provider, or as whoever would like to be it.
type Signer struct {
	own, stranger, other named
}

// named is a private key and the name it is published under.
type named struct {
	key crypto.Signer
	id  string
}

// rsaKeys are made once: they are slow to make.
var rsaKeys = sync.OnceValues(func() ([2]*rsa.PrivateKey, error) {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return keys, fmt.Errorf("make key: %w", err)
		}
		keys[i] = key
	}
	return keys, nil
})

// NewSigner makes the keys of a provider that signs with ES256 or RS256.
func NewSigner(algorithm jose.SignatureAlgorithm) (Signer, error) {
	pair, err := rsaKeys()
	if err != nil {
		return Signer{}, err
	}
	own, stranger, other := crypto.Signer(pair[0]), crypto.Signer(pair[1]), crypto.Signer(nil)
	if algorithm == jose.ES256 {
		if own, err = newCurveKey(); err != nil {
			return Signer{}, err
		}
		if stranger, err = newCurveKey(); err != nil {
			return Signer{}, err
		}
		other = pair[0]
	} else if other, err = newCurveKey(); err != nil {
		return Signer{}, err
	}
	return Signer{}.with(own, stranger, other)
}

func newCurveKey() (crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return key, nil
}

func (Signer) with(keys ...crypto.Signer) (Signer, error) {
	var all [3]named
	for i, key := range keys {
		thumbprint, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
		if err != nil {
			return Signer{}, fmt.Errorf("name key: %w", err)
		}
		all[i] = named{key: key, id: encode(thumbprint)}
	}
	return Signer{own: all[0], stranger: all[1], other: all[2]}, nil
}

// Rotated returns the signer with a new key of its own.
func (s Signer) Rotated() (Signer, error) {
	var fresh crypto.Signer
	var err error
	if algorithmOf(s.own.key) == jose.ES256 {
		fresh, err = newCurveKey()
	} else {
		fresh, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return Signer{}, fmt.Errorf("make key: %w", err)
	}
	return s.with(fresh, s.stranger.key, s.other.key)
}

// Published is the provider's key set. It holds the key of the other kind too,
// so that only the agreed algorithms keep it out.
func (s Signer) Published() jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{}
	for _, k := range []named{s.own, s.other} {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.key.Public(), KeyID: k.id, Algorithm: string(algorithmOf(k.key)), Use: "sig"})
	}
	return set
}

// Sign returns claims as a token.
func (s Signer) Sign(claims Claims, how Signature) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	key := s.own
	switch how {
	case SignedByNone:
		return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + ".", nil
	case SignedBySecret:
		return s.signWithPublicKey(payload)
	case SignedPlain:
		return string(payload), nil
	case SignedNotAtAll:
		return "not a token", nil
	case SignedUnknown:
		key = s.stranger
	case SignedForged:
		key = named{s.stranger.key, s.own.id}
	case SignedOtherwise:
		key = s.other
	case SignedCritical:
		options = options.WithHeader("urn:guichet:unknown", true).WithCritical("urn:guichet:unknown")
	}
	jws, err := key.sign(payload, options)
	if err != nil {
		return "", err
	}
	if how == SignedJSON {
		return jws.FullSerialize(), nil
	}
	return jws.CompactSerialize()
}

func (k named) sign(payload []byte, options *jose.SignerOptions) (*jose.JSONWebSignature, error) {
	with, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithmOf(k.key), Key: jose.JSONWebKey{Key: k.key, KeyID: k.id}}, options)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	jws, err := with.Sign(payload)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return jws, nil
}

// signWithPublicKey makes the classic confusion: the public key, which anybody
// has, taken for a shared secret.
func (s Signer) signWithPublicKey(payload []byte) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(s.own.key.Public())
	if err != nil {
		return "", fmt.Errorf("encode public key: %w", err)
	}
	text := encode([]byte(`{"alg":"HS256","kid":"`+s.own.id+`"}`)) + "." + encode(payload)
	mac := hmac.New(sha256.New, der)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil)), nil
}

func algorithmOf(key crypto.Signer) jose.SignatureAlgorithm {
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		return jose.ES256
	}
	return jose.RS256
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
