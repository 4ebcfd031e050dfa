package mischief

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Encryption is how a token is encrypted, where that was agreed.
type Encryption int

// The ways to encrypt; only the first is right.
const (
	EncryptedWell    Encryption = iota
	EncryptedNot                // the signed token as it is
	ForAnother                  // for another key, under the name of the relying party's
	ForUnknown                  // for another key, under its own name
	OtherAlgorithmOf            // for the right key, with another algorithm of its kind
	OtherCipher                 // with a content encryption that was not agreed
	Zipped                      // compressed before
	Critical                    // with a header that is critical and that nobody knows
	Altered                     // and then one bit of it changed
	AsJSON                      // in the JSON serialisation
	Twice                       // and the outcome again
	Inside                      // first, and then signed
)

// Encrypt returns a signed token as it is sent to the relying party whose key
// is given, with its algorithm.
func (s Signer) Encrypt(signed string, to jose.JSONWebKey, how Encryption) (string, error) {
	switch how {
	case EncryptedNot:
		return signed, nil
	case Twice:
		once, err := s.Encrypt(signed, to, EncryptedWell)
		if err != nil {
			return "", err
		}
		return s.Encrypt(once, to, EncryptedWell)
	case Inside:
		once, err := s.Encrypt(signed, to, EncryptedWell)
		if err != nil {
			return "", err
		}
		jws, err := s.own.sign([]byte(once), (&jose.SignerOptions{}).WithContentType("JWT"))
		if err != nil {
			return "", err
		}
		return jws.CompactSerialize()
	}
	cipher := jose.A256GCM
	if how == OtherCipher {
		cipher = jose.A128GCM
	}
	options := (&jose.EncrypterOptions{}).WithContentType("JWT")
	switch how {
	case Zipped:
		options.Compression = jose.DEFLATE
	case Critical:
		options = options.WithHeader("urn:guichet:unknown", true).WithHeader("crit", []string{"urn:guichet:unknown"})
	}
	to, err := recipient(to, how)
	if err != nil {
		return "", err
	}
	encrypter, err := jose.NewEncrypter(cipher, jose.Recipient{Algorithm: jose.KeyAlgorithm(to.Algorithm), Key: to.Key, KeyID: to.KeyID}, options)
	if err != nil {
		return "", fmt.Errorf("make encrypter: %w", err)
	}
	jwe, err := encrypter.Encrypt([]byte(signed))
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	if how == AsJSON {
		return jwe.FullSerialize(), nil
	}
	text, err := jwe.CompactSerialize()
	if how == Altered {
		text = alter(text)
	}
	return text, err
}

// recipient returns for whom, and how, a token is encrypted.
func recipient(to jose.JSONWebKey, how Encryption) (jose.JSONWebKey, error) {
	switch how {
	case ForUnknown:
		to.KeyID = "nobody's"
		return stranger(to)
	case ForAnother:
		return stranger(to)
	case OtherAlgorithmOf:
		others := map[string]jose.KeyAlgorithm{string(jose.RSA_OAEP_256): jose.RSA_OAEP, string(jose.ECDH_ES): jose.ECDH_ES_A256KW}
		to.Algorithm = string(others[to.Algorithm])
	}
	return to, nil
}

// stranger puts another key of the same kind under the same name.
func stranger(to jose.JSONWebKey) (jose.JSONWebKey, error) {
	if to.Algorithm == string(jose.ECDH_ES) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return to, fmt.Errorf("make key: %w", err)
		}
		to.Key = key.Public()
		return to, nil
	}
	pair, err := rsaKeys()
	if err != nil {
		return to, err
	}
	to.Key = pair[1].Public()
	return to, nil
}

// alter changes one character in the middle of the ciphertext.
func alter(text string) string {
	parts := strings.Split(text, ".")
	sealed := []byte(parts[3])
	middle := len(sealed) / 2
	if sealed[middle] == 'A' {
		sealed[middle] = 'B'
	} else {
		sealed[middle] = 'A'
	}
	parts[3] = string(sealed)
	return strings.Join(parts, ".")
}
