package configs

import (
	"regexp"
	"strconv"
)

// Formats of the claims, as the providers document them.
var (
	birthdate  = regexp.MustCompile(`^[0-9]{4}-(?:0[0-9]|1[0-2])-(?:[0-2][0-9]|3[01])$`) // 00 where a month or day is unknown
	birthplace = regexp.MustCompile(`^(?:2[AB]|[0-9]{2})[0-9]{3}$`)
	country    = regexp.MustCompile(`^99[0-9]{3}$`)
	rpps       = regexp.MustCompile(`^[0-9]{11}$`)
	profession = regexp.MustCompile(`^[0-9]{2}$`)
)

const france = "99100"

func (*IDPSim) prefix() string     { return "GUICHET_IDPSIM_" }
func (*IDPSim) foreign() []string  { return nil }
func (*IDPSim) mapNames() []string { return nil }
func (*IDPSim) setDefaults()       {}

// Validate reports everything that is missing or refused.
func (s *IDPSim) Validate() error {
	c := &checker{}
	c.placeholders(s)
	c.listen("listen", s.Listen)
	c.origin("public_url", s.PublicURL)
	c.open("tls", s.TLS)
	if len(s.Clients) == 0 {
		c.refuse("clients", "is missing")
	}
	for i, client := range s.Clients {
		client.validate(c, join("clients", strconv.Itoa(i)))
	}
	if len(s.People) == 0 {
		c.refuse("people", "is missing")
	}
	logins := map[string]bool{}
	for i, person := range s.People {
		field := join("people", strconv.Itoa(i))
		person.validate(c, field)
		if who := person.Provider + " " + person.Login; logins[who] {
			c.refuse(join(field, "login"), "is another person's too")
		} else {
			logins[who] = true
		}
	}
	return c.found.asError()
}

func (client IDPClient) validate(c *checker, field string) {
	c.oneOf(join(field, "provider"), client.Provider, franceConnect, proSanteConnect)
	c.text(join(field, "client_id"), client.ClientID)
	if client.ClientAuth != "" {
		c.oneOf(join(field, "client_auth"), client.ClientAuth, clientSecretPost, clientSecretBasic, privateKeyJWT)
	}
	if client.ClientAuth != privateKeyJWT {
		c.file(join(field, "client_secret_file"), client.ClientSecretFile)
	}
	if client.JWKSURL != "" || client.ClientAuth == privateKeyJWT {
		c.https(join(field, "jwks_url"), client.JWKSURL)
	}
	if client.JWKSURL != "" && client.Provider != proSanteConnect {
		c.oneOf(join(field, "encryption"), client.Encryption, encryptions...)
	} else if client.Encryption != "" {
		c.refuse(join(field, "encryption"), "must be left out without jwks_url, and at "+proSanteConnect)
	}
	c.optionalFile(join(field, "ca_file"), client.CAFile)
	if len(client.RedirectURIs) == 0 {
		c.refuse(join(field, "redirect_uris"), "is missing")
	}
	for _, uri := range client.RedirectURIs {
		c.https(join(field, "redirect_uris"), uri)
	}
	c.https(join(field, "post_logout_redirect_uri"), client.PostLogoutRedirectURI)
}

func (p IDPPerson) validate(c *checker, field string) {
	c.oneOf(join(field, "provider"), p.Provider, franceConnect, proSanteConnect)
	c.text(join(field, "login"), p.Login)
	c.text(join(field, "name"), p.Name)
	c.text(join(field, "family"), p.Family)
	c.text(join(field, "given"), p.Given)
	if p.Provider == proSanteConnect {
		c.matches(join(field, "rpps"), p.RPPS, rpps, "11 digits")
		c.matches(join(field, "profession"), p.Profession, profession, "a code of TRE_G15, two digits")
		return
	}
	c.matches(join(field, "birthdate"), p.Birthdate, birthdate, "YYYY-MM-DD")
	c.oneOf(join(field, "gender"), p.Gender, "male", "female", "unspecified")
	c.matches(join(field, "country"), p.Country, country, "an INSEE country code, 99100 for France")
	if p.Country == france || p.Birthplace != "" {
		c.matches(join(field, "birthplace"), p.Birthplace, birthplace, "an INSEE commune code")
	}
}

func (c *checker) matches(field, value string, pattern *regexp.Regexp, want string) {
	if !pattern.MatchString(value) {
		c.refuse(field, "must be "+want)
	}
}
