package configs

import "slices"

// signatures are the algorithms an ID token may be signed with: public-key
// ones only, so neither "none" nor a shared secret.
var signatures = []string{"ES256", "ES384", "PS256", "RS256"}

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
		providers[name].validate(c, field)
	}
}

func (p Provider) validate(c *checker, field string) {
	c.text(join(field, "label"), p.Label)
	c.https(join(field, "issuer"), p.Issuer)
	c.https(join(field, "authorization_url"), p.AuthorizationURL)
	c.https(join(field, "token_url"), p.TokenURL)
	c.https(join(field, "userinfo_url"), p.UserinfoURL)
	c.https(join(field, "jwks_url"), p.JWKSURL)
	c.https(join(field, "end_session_url"), p.EndSessionURL)
	c.text(join(field, "client_id"), p.ClientID)
	c.file(join(field, "client_secret_file"), p.ClientSecretFile)
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
}
