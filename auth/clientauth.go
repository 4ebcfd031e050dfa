package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

// The ways in which we authenticate to a provider's token endpoint. With the
// last, the certificate of the TLS connection does it (RFC 8705); one may be
// shown beside any of the others too.
const (
	ClientSecretPost  = "client_secret_post"
	ClientSecretBasic = "client_secret_basic" // #nosec G101 -- the name of a method
	PrivateKeyJWT     = "private_key_jwt"
	TLSClientAuth     = "tls_client_auth"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife = time.Minute
)

// hasSecret reports whether a method shows the client secret.
func hasSecret(method string) bool { return method == ClientSecretPost || method == ClientSecretBasic }

// authStyle is how x/oauth2 sends the secret. It is fixed: finding out costs a
// failed call, and maybe the code.
func authStyle(method string) oauth2.AuthStyle {
	if method == ClientSecretBasic {
		return oauth2.AuthStyleInHeader
	}
	return oauth2.AuthStyleInParams
}

// authenticate returns what a token request carries besides the secret.
func (p *Provider) authenticate(tokenURL string) ([]oauth2.AuthCodeOption, error) {
	if p.clientAuth != PrivateKeyJWT {
		return nil, nil
	}
	assertion, err := p.assert(tokenURL)
	if err != nil {
		return nil, err
	}
	return []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("client_assertion_type", assertionType),
		oauth2.SetAuthURLParam("client_assertion", assertion),
	}, nil
}

// assert signs that we are who we are, to one endpoint, once and for a minute
// (RFC 7523).
func (p *Provider) assert(tokenURL string) (string, error) {
	keys, err := p.clientKeys()
	if err != nil {
		return "", err
	}
	if len(keys.signing) == 0 {
		return "", errors.New("sign assertion: no key")
	}
	key := keys.signing[0]
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	now := p.now()
	claims, err := json.Marshal(map[string]any{
		"iss": p.clientID, "sub": p.clientID, "aud": tokenURL, "jti": randomToken(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("encode assertion: %w", err)
	}
	jws, err := signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	return jws.CompactSerialize()
}
