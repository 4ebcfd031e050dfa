package authtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// signature is how a token is signed.
type signature int

const (
	signedWell      signature = iota
	signedByNone              // alg none
	signedBySecret            // HS256, with the published key as the secret
	signedUnknown             // by a key that is not published
	signedForged              // by another key under a published identifier
	signedOtherwise           // by a published key, with an algorithm that was not agreed
	signedJSON                // well, but in the JSON serialisation
	signedNotAtAll            // not a token
)

const otherKeyID = "other"

// signer signs as the provider, or as whoever would like to be it.
type signer struct {
	t                    testing.TB
	own, stranger, other crypto.Signer
	ownKeyID             string
}

func newSigner(t testing.TB, provider string) signer {
	t.Helper()
	own, stranger, other := newKeys(t, provider)
	return signer{t: t, own: own, stranger: stranger, other: other, ownKeyID: "own"}
}

// published is the provider's key set. It holds the key of the other kind too,
// so that only the agreed algorithms keep it out.
func (s signer) published() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: s.own.Public(), KeyID: s.ownKeyID, Algorithm: string(algorithmOf(s.own)), Use: "sig"},
		{Key: s.other.Public(), KeyID: otherKeyID, Algorithm: string(algorithmOf(s.other)), Use: "sig"},
	}}
}

func (s signer) sign(claims Claims, how signature) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		s.t.Errorf("encode claims: %v", err)
		return ""
	}
	switch how {
	case signedByNone:
		return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "."
	case signedBySecret:
		return s.signWithPublicKey(payload)
	case signedUnknown:
		return s.jws(payload, s.stranger, "stranger").compact()
	case signedForged:
		return s.jws(payload, s.stranger, s.ownKeyID).compact()
	case signedOtherwise:
		return s.jws(payload, s.other, otherKeyID).compact()
	case signedJSON:
		return s.jws(payload, s.own, s.ownKeyID).FullSerialize()
	case signedNotAtAll:
		return "not a token"
	}
	return s.jws(payload, s.own, s.ownKeyID).compact()
}

// signed adds to a JWS a serialisation that cannot fail.
type signed struct{ *jose.JSONWebSignature }

func (s signed) compact() string {
	text, err := s.CompactSerialize()
	if err != nil {
		return ""
	}
	return text
}

func (s signer) jws(payload []byte, key crypto.Signer, id string) signed {
	with, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithmOf(key), Key: jose.JSONWebKey{Key: key, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		s.t.Errorf("make signer: %v", err)
		return signed{&jose.JSONWebSignature{}}
	}
	jws, err := with.Sign(payload)
	if err != nil {
		s.t.Errorf("sign: %v", err)
		return signed{&jose.JSONWebSignature{}}
	}
	return signed{jws}
}

// signWithPublicKey makes the classic confusion: the public key, which anybody
// has, taken for a shared secret.
func (s signer) signWithPublicKey(payload []byte) string {
	der, err := x509.MarshalPKIXPublicKey(s.own.Public())
	if err != nil {
		s.t.Errorf("encode public key: %v", err)
		return ""
	}
	text := encode([]byte(`{"alg":"HS256","kid":"`+s.ownKeyID+`"}`)) + "." + encode(payload)
	mac := hmac.New(sha256.New, der)
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

func algorithmOf(key crypto.Signer) jose.SignatureAlgorithm {
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		return jose.ES256
	}
	return jose.RS256
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
