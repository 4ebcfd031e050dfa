package configs

import (
	"slices"
	"time"
)

// signatures are the algorithms an ID token may be signed with: public-key
// ones only, so neither "none" nor a shared secret.
var signatures = []string{"ES256", "ES384", "PS256", "RS256"}

// encryptions are how a token's key may be encrypted for us.
var encryptions = []string{"RSA-OAEP-256", "ECDH-ES"}

// How we authenticate at a token endpoint.
const (
	clientSecretPost  = "client_secret_post"
	clientSecretBasic = "client_secret_basic" // #nosec G101 -- the name of a method
	privateKeyJWT     = "private_key_jwt"
	tlsClientAuth     = "tls_client_auth"
)

// maxAuthAge is the longest that Pro Santé Connect's own session lasts.
const maxAuthAge = 4 * time.Hour

func validateProviders(c *checker, providers map[string]Provider) {
	if len(providers) == 0 {
		c.refuse("providers", "must hold at least one of "+franceConnect+", "+proSanteConnect)
	}
	for _, name := range sortedNames(providers) {
		field := join("providers", name)
		if name != franceConnect && name != proSanteConnect {
			c.refuse(field, "must be called "+franceConnect+" or "+proSanteConnect)
			continue
		}
		providers[name].validate(c, name)
	}
}

func (p Provider) validate(c *checker, name string) {
	field := join("providers", name)
	c.text(join(field, "label"), p.Label)
	c.https(join(field, "issuer"), p.Issuer)
	p.validateEndpoints(c, field)
	c.text(join(field, "client_id"), p.ClientID)
	p.validateClientAuth(c, field)
	if p.Encryption != "" {
		c.oneOf(join(field, "encryption"), p.Encryption, encryptions...)
	}
	c.files(join(field, "decryption_key_files"), p.DecryptionKeys, p.Encryption != "")
	if !slices.Contains(p.Scopes, "openid") {
		c.refuse(join(field, "scopes"), `must hold "openid"`)
	}
	c.oneOf(join(field, "acr"), p.ACR, "eidas1", "eidas2", "eidas3")
	if len(p.Algorithms) == 0 {
		c.refuse(join(field, "algorithms"), "is missing")
	}
	for _, algorithm := range p.Algorithms {
		c.oneOf(join(field, "algorithms"), algorithm, signatures...)
	}
	c.optionalFile(join(field, "ca_file"), p.CAFile)
	if p.MaxAuthAge != 0 {
		c.duration(join(field, "max_auth_age"), p.MaxAuthAge, time.Minute, maxAuthAge)
	}
	p.validateRoles(c, name, join(field, "roles"))
}

func (p Provider) validateEndpoints(c *checker, field string) {
	if p.Discovery != "" {
		c.https(join(field, "discovery"), p.Discovery)
	}
	for name, value := range map[string]string{
		"authorization_url": p.AuthorizationURL, "token_url": p.TokenURL, "userinfo_url": p.UserinfoURL, "jwks_url": p.JWKSURL,
	} {
		if value != "" || p.Discovery == "" {
			c.https(join(field, name), value)
		}
	}
	c.https(join(field, "end_session_url"), p.EndSessionURL)
}

func (p Provider) validateClientAuth(c *checker, field string) {
	if p.ClientAuth != "" {
		c.oneOf(join(field, "client_auth"), p.ClientAuth, clientSecretPost, clientSecretBasic, privateKeyJWT, tlsClientAuth)
	}
	if p.usesSecret() {
		c.file(join(field, "client_secret_file"), p.ClientSecretFile)
	} else if p.ClientSecretFile != "" {
		c.refuse(join(field, "client_secret_file"), "must be left out: "+p.ClientAuth+" shows no secret")
	}
	c.files(join(field, "signing_key_files"), p.SigningKeyFiles, p.ClientAuth == privateKeyJWT)
	if p.ClientAuth == tlsClientAuth || p.ClientCertificate != "" || p.ClientKey != "" {
		c.file(join(field, "client_certificate"), p.ClientCertificate)
		c.file(join(field, "client_key"), p.ClientKey)
	}
}

func (p Provider) usesSecret() bool {
	return p.ClientAuth != privateKeyJWT && p.ClientAuth != tlsClientAuth
}

// validateRoles wants professions of TRE_G15, and clinicians' roles only.
func (p Provider) validateRoles(c *checker, name, field string) {
	if len(p.Roles) > 0 && name != proSanteConnect {
		c.refuse(field, "is for "+proSanteConnect+" only")
	}
	for _, code := range sortedNames(p.Roles) {
		c.matches(field, code, profession, "by codes of TRE_G15, two digits")
		c.oneOf(field, p.Roles[code], "physician", "nurse", "professional")
	}
}

// files wants absolute paths, some where they are needed and none elsewhere.
func (c *checker) files(field string, values []string, needed bool) {
	switch {
	case needed && len(values) == 0:
		c.refuse(field, "is missing")
	case !needed && len(values) > 0:
		c.refuse(field, "must be left out: nothing uses it")
	}
	for _, value := range values {
		c.file(field, value)
	}
}
