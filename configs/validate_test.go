package configs

import (
	"strings"
	"testing"
	"time"
)

// refusal changes a good configuration and names the field that must be
// refused for it.
type refusal[T any] struct {
	name   string
	change func(*T)
	field  string
}

func refuses[T Configuration](t *testing.T, sample string, cases []refusal[T]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config, err := LoadEnv[T](sample, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.change(&config)
			found := problemsOf(t, any(&config).(configuration).Validate())
			if found[c.field] == "" || len(found) != 1 {
				t.Errorf("refused %v, want only %s", found, c.field)
			}
		})
	}
}

func provider(name string, change func(*Provider)) func(*Guichet) {
	return func(g *Guichet) {
		p := g.Providers[name]
		change(&p)
		g.Providers[name] = p
	}
}

// stream changes the first of the receivers outside.
func stream(change func(*TraceStream)) func(*Guichet) {
	return func(g *Guichet) { change(&g.Traces.Streams[0]) }
}

func TestGuichetRefuses(t *testing.T) {
	refuses(t, "guichet.toml", []refusal[Guichet]{
		{"no name", func(g *Guichet) { g.Hospital.Name = " " }, "hospital.name"},
		{"name of two lines", func(g *Guichet) { g.Hospital.Name = "a\nb" }, "hospital.name"},
		{"no support phone", func(g *Guichet) { g.Hospital.SupportPhone = "" }, "hospital.support_phone"},
		{"phone of letters", func(g *Guichet) { g.Hospital.AlertPhone = "call us" }, "hospital.alert_phone"},
		{"no support hours", func(g *Guichet) { g.Hospital.SupportHours = "" }, "hospital.support_hours"},
		{"mail with a name", func(g *Guichet) { g.Hospital.SupportMail = "Support <s@example.org>" }, "hospital.support_mail"},
		{"placeholder", func(g *Guichet) { g.Hospital.Name = "CHANGE-ME" }, "hospital.name"},
		{"no master key", func(g *Guichet) { g.Keys.MasterFile = "" }, "keys.master_file"},
		{"relative path", func(g *Guichet) { g.Keys.KeyringFile = "keyring" }, "keys.keyring_file"},
		{"keyring is the master key", func(g *Guichet) { g.Keys.KeyringFile = g.Keys.MasterFile }, "keys.keyring_file"},
		{"nothing to serve", func(g *Guichet) {
			g.Portal.Listen, g.Intake.MLLP, g.Intake.FHIR, g.Database.Sequencer, g.Traces = "", "", "", Role{}, Traces{PublicKeyFile: g.Traces.PublicKeyFile}
		}, "portal.listen"},
		{"streams of a process that does not sequence", func(g *Guichet) { g.Traces.SigningKeyFile, g.Traces.Timestamp.URL = "", "" }, "traces.signing_key_file"},
		{"time stamps of a process that does not sequence", func(g *Guichet) { g.Traces.SigningKeyFile, g.Traces.Streams = "", nil }, "traces.signing_key_file"},
		{"a time stamp of anybody", func(g *Guichet) { g.Traces.Timestamp.Authorities = "" }, "traces.timestamp.authorities"},
		{"a time stamp server without TLS", func(g *Guichet) { g.Traces.Timestamp.URL = "http://horodatage.example" }, "traces.timestamp.url"},
		{"a time stamp each second", func(g *Guichet) { g.Traces.Timestamp.Interval = time.Second }, "traces.timestamp.interval"},
		{"a stream without a name", stream(func(s *TraceStream) { s.Name = "" }), "traces.streams.0.name"},
		{"a name of two words", stream(func(s *TraceStream) { s.Name = "The SIEM" }), "traces.streams.0.name"},
		{"a stream called as time stamps are", stream(func(s *TraceStream) { s.Name = "timestamp" }), "traces.streams.0.name"},
		{"two streams of a name", stream(func(s *TraceStream) { s.Name = "fhir" }), "traces.streams.2.name"},
		{"another format", stream(func(s *TraceStream) { s.Format = "json" }), "traces.streams.0.format"},
		{"a stream to nowhere", stream(func(s *TraceStream) { s.Address = "" }), "traces.streams.0.address"},
		{"a stream to two places", stream(func(s *TraceStream) { s.URL = "https://siem.example" }), "traces.streams.0.address"},
		{"a stream to every host", stream(func(s *TraceStream) { s.Address = ":6514" }), "traces.streams.0.address"},
		{"syslog without a certificate", stream(func(s *TraceStream) { s.Certificate = "" }), "traces.streams.0.certificate"},
		{"syslog with a token", stream(func(s *TraceStream) { s.TokenFile = "/token" }), "traces.streams.0.token_file"},
		{"CEF by HTTPS", stream(func(s *TraceStream) { s.Address, s.URL = "", "https://siem.example" }), "traces.streams.0.url"},
		{"a stream without TLS", stream(func(s *TraceStream) { s.Format, s.Address, s.URL = StreamAuditEvent, "", "http://siem.example" }), "traces.streams.0.url"},
		{"a certificate without its key", stream(func(s *TraceStream) {
			s.Format, s.Address, s.URL, s.Key = StreamAuditEvent, "", "https://siem.example", ""
		}), "traces.streams.0.key"},
		{"revocation of receivers switched off", func(g *Guichet) { g.Revocation.Receivers.WhenUnknown = "off" }, "revocation.receivers.when_unknown"},
		{"a signing key of a process that cannot sequence", func(g *Guichet) { g.Database.Sequencer = Role{} }, "traces.signing_key_file"},
		{"no public key beside the signing key", func(g *Guichet) { g.Traces.PublicKeyFile = "" }, "traces.public_key_file"},
		{"the public key is the signing key", func(g *Guichet) { g.Traces.PublicKeyFile = g.Traces.SigningKeyFile }, "traces.public_key_file"},
		{"checkpoints nowhere", func(g *Guichet) { g.Traces.Checkpoints = "" }, "traces.checkpoints"},
		{"an officer with the console's role", func(g *Guichet) { g.Database.Officer = g.Database.Console }, "database.officer.url"},
		{"a witness of no portal's sign-ins", func(g *Guichet) { g.Portal.Listen, g.Portal.PublicURL = "", "" }, "portal.public_url"},
		{"a witness with the portal's role", func(g *Guichet) { g.Database.Sequencer = g.Database.Portal }, "database.sequencer.url"},
		{"listen without a port", func(g *Guichet) { g.Portal.Listen = "localhost" }, "portal.listen"},
		{"listen on a named port", func(g *Guichet) { g.Portal.Listen = "localhost:https" }, "portal.listen"},
		{"port too large", func(g *Guichet) { g.Intake.MLLP = ":65536" }, "intake.mllp"},
		{"http public URL", func(g *Guichet) { g.Portal.PublicURL = "http://a.example" }, "portal.public_url"},
		{"public URL with a path", func(g *Guichet) { g.Portal.PublicURL = "https://a.example/x" }, "portal.public_url"},
		{"public URL with a user", func(g *Guichet) { g.Portal.PublicURL = "https://u@a.example" }, "portal.public_url"},
		{"cookie suffix with a semicolon", func(g *Guichet) { g.Portal.CookieSuffix = "a;b" }, "portal.cookie_suffix"},
		{"portal without a client CA", func(g *Guichet) { g.Portal.TLS.ClientCA = "" }, "portal.tls.client_ca"},
		{"portal for any client", func(g *Guichet) { g.Portal.TLS.ClientName = "" }, "portal.tls.client_name"},
		{"no cookie secret", func(g *Guichet) { g.Portal.CookieSecretFile = "" }, "portal.cookie_secret_file"},
		{"revocation switched off", func(g *Guichet) { g.Revocation.WAF.WhenUnknown = "off" }, "revocation.waf.when_unknown"},
		{"nothing said about what is unknown", func(g *Guichet) { g.Revocation.Feeds.WhenUnknown = "" }, "revocation.feeds.when_unknown"},
		{"grace for a month", func(g *Guichet) { g.Revocation.Providers.Grace = 720 * time.Hour }, "revocation.providers.grace"},
		{"grace below nothing", func(g *Guichet) { g.Revocation.Database.Grace = -1 }, "revocation.database.grace"},
		{"relative revocation list", func(g *Guichet) { g.Revocation.Database.CRLFiles = []string{"ca.crl"} }, "revocation.database.crl_files"},
		{"alerts mailed to nobody", func(g *Guichet) { g.Alerts.Mail.To = nil }, "alerts.mail.to"},
		{"alerts mailed to no address", func(g *Guichet) { g.Alerts.Mail.To = []string{"a@b.example\r\nBcc: c@d.example"} }, "alerts.mail.to"},
		{"alerts mailed from a name", func(g *Guichet) { g.Alerts.Mail.From = "Guichet <g@example.org>" }, "alerts.mail.from"},
		{"mail without TLS", func(g *Guichet) { g.Alerts.Mail.TLS = "none" }, "alerts.mail.tls"},
		{"mail to no server", func(g *Guichet) { g.Alerts.Mail.Server = "" }, "alerts.mail.server"},
		{"mail server without a host", func(g *Guichet) { g.Alerts.Mail.Server = ":587" }, "alerts.mail.server"},
		{"mail server without a port", func(g *Guichet) { g.Alerts.Mail.Server = "smtp.example" }, "alerts.mail.server"},
		{"mail user without a password", func(g *Guichet) { g.Alerts.Mail.PasswordFile = "" }, "alerts.mail.password_file"},
		{"mail password without a user", func(g *Guichet) { g.Alerts.Mail.User = "" }, "alerts.mail.user"},
		{"webhook over http", func(g *Guichet) { g.Alerts.Webhook.URL = "http://a.example" }, "alerts.webhook.url"},
		{"webhook with a password in its URL", func(g *Guichet) { g.Alerts.Webhook.URL = "https://u:p@a.example" }, "alerts.webhook.url"},
		{"webhook without a token", func(g *Guichet) { g.Alerts.Webhook.TokenFile = "" }, "alerts.webhook.token_file"},
		{"token of no webhook", func(g *Guichet) { g.Alerts.Webhook.URL = "" }, "alerts.webhook.url"},
		{"alerts' revocation switched off", func(g *Guichet) { g.Revocation.Alerts.WhenUnknown = "off" }, "revocation.alerts.when_unknown"},
		{"no URL of the FHIR base", func(g *Guichet) { g.Intake.FHIRURL = "" }, "intake.fhir_url"},
		{"FHIR base with a slash at its end", func(g *Guichet) { g.Intake.FHIRURL = "https://a.example/fhir/" }, "intake.fhir_url"},
		{"FHIR base without a path", func(g *Guichet) { g.Intake.FHIRURL = "https://a.example" }, "intake.fhir_url"},
		{"FHIR on no port", func(g *Guichet) { g.Intake.FHIR = "10.0.0.1" }, "intake.fhir"},
		{"intake without a client CA", func(g *Guichet) { g.Intake.TLS.ClientCA = "" }, "intake.tls.client_ca"},
		{"intake without a key", func(g *Guichet) { g.Intake.TLS.Key = "" }, "intake.tls.key"},
		{"no local authority", func(g *Guichet) { g.Intake.LocalAuthority = "" }, "intake.local_authority"},
		{"authority with a separator", func(g *Guichet) { g.Intake.LocalAuthority = "H^P" }, "intake.local_authority"},
		{"tiny messages", func(g *Guichet) { g.Intake.MaxMessage = 10 }, "intake.max_message"},
		{"ops on every address", func(g *Guichet) { g.Ops.Listen = ":8447" }, "ops.listen"},
		{"ops on the Internet", func(g *Guichet) { g.Ops.Listen = "203.0.113.7:8447" }, "ops.listen"},
		{"no database", func(g *Guichet) { g.Database.Portal.URL = "" }, "database.portal.url"},
		{"database password in the URL", func(g *Guichet) {
			g.Database.Portal.URL = strings.Replace(g.Database.Portal.URL, "@", ":x9@", 1)
		}, "database.portal.url"},
		{"database password as a parameter", func(g *Guichet) { g.Database.Portal.URL += "&password=x" }, "database.portal.url"},
		{"portal as the owner", func(g *Guichet) { g.Database.Portal.URL = g.Database.Owner.URL }, "database.portal.url"},
		{"role as a parameter", func(g *Guichet) { g.Database.Portal.URL += "&user=guichet_owner" }, "database.portal.url"},
		{"database without TLS", func(g *Guichet) { g.Database.Intake.URL = "postgres://guichet_intake@h/d?sslmode=disable" }, "database.intake.url"},
		{"database without verification", func(g *Guichet) { g.Database.Intake.URL = "postgres://guichet_intake@h/d?sslmode=require" }, "database.intake.url"},
		{"two TLS modes", func(g *Guichet) { g.Database.Intake.URL += "&sslmode=disable" }, "database.intake.url"},
		{"socket beside an address", func(g *Guichet) { g.Database.Intake.URL = "postgres://guichet_intake@/d?host=/run&hostaddr=192.0.2.1" }, "database.intake.url"},
		{"socket, then a host", func(g *Guichet) { g.Database.Intake.URL = "postgres://guichet_intake@/d?host=/run,h" }, "database.intake.url"},
		{"too many connections", func(g *Guichet) { g.Database.Owner.Connections = 100000 }, "database.owner.connections"},
		{"no providers", func(g *Guichet) { g.Providers = nil }, "providers"},
		{"unknown provider", func(g *Guichet) { g.Providers["google"] = Provider{} }, "providers.google"},
		{"issuer over http", provider("psc", func(p *Provider) { p.Issuer = "http://a" }), "providers.psc.issuer"},
		{"no token endpoint", provider("franceconnect", func(p *Provider) { p.TokenURL = "" }), "providers.franceconnect.token_url"},
		{"token endpoint over http beside a discovery", provider("psc", func(p *Provider) { p.TokenURL = "http://a.example" }), "providers.psc.token_url"},
		{"discovery over http", provider("psc", func(p *Provider) { p.Discovery = "http://a.example" }), "providers.psc.discovery"},
		{"no end of session beside a discovery", provider("psc", func(p *Provider) { p.EndSessionURL = "" }), "providers.psc.end_session_url"},
		{"no client secret", provider("franceconnect", func(p *Provider) { p.ClientSecretFile = "" }), "providers.franceconnect.client_secret_file"},
		{"secret that nothing shows", provider("psc", func(p *Provider) { p.ClientSecretFile = "/a" }), "providers.psc.client_secret_file"},
		{"unknown client authentication", provider("franceconnect", func(p *Provider) { p.ClientAuth = "client_secret_jwt" }), "providers.franceconnect.client_auth"},
		{"assertion without a key", provider("psc", func(p *Provider) { p.SigningKeyFiles = nil }), "providers.psc.signing_key_files"},
		{"signing key that nothing uses", provider("franceconnect", func(p *Provider) { p.SigningKeyFiles = []string{"/a"} }), "providers.franceconnect.signing_key_files"},
		{"signing key at a relative path", provider("psc", func(p *Provider) { p.SigningKeyFiles = []string{"a"} }), "providers.psc.signing_key_files"},
		{"client certificate without its key", provider("psc", func(p *Provider) { p.ClientKey = "" }), "providers.psc.client_key"},
		{"client key without its certificate", provider("psc", func(p *Provider) { p.ClientCertificate = "" }), "providers.psc.client_certificate"},
		{"encryption with SHA-1", provider("franceconnect", func(p *Provider) { p.Encryption = "RSA-OAEP" }), "providers.franceconnect.encryption"},
		{"encryption without a key", provider("franceconnect", func(p *Provider) { p.DecryptionKeys = nil }), "providers.franceconnect.decryption_key_files"},
		{"decryption key that nothing uses", provider("psc", func(p *Provider) { p.DecryptionKeys = []string{"/a"} }), "providers.psc.decryption_key_files"},
		{"sign-in of yesterday", provider("psc", func(p *Provider) { p.MaxAuthAge = 24 * time.Hour }), "providers.psc.max_auth_age"},
		{"administrator by profession", provider("psc", func(p *Provider) { p.Roles = map[string]string{"10": "administrator"} }), "providers.psc.roles"},
		{"profession by name", provider("psc", func(p *Provider) { p.Roles = map[string]string{"médecin": "physician"} }), "providers.psc.roles"},
		{"professions of patients", provider("franceconnect", func(p *Provider) { p.Roles = map[string]string{"10": "physician"} }), "providers.franceconnect.roles"},
		{"placeholder client", provider("psc", func(p *Provider) { p.ClientID = "change_me" }), "providers.psc.client_id"},
		{"no openid scope", provider("psc", func(p *Provider) { p.Scopes = []string{"profile"} }), "providers.psc.scopes"},
		{"no acr", provider("psc", func(p *Provider) { p.ACR = "" }), "providers.psc.acr"},
		{"unsigned tokens", provider("psc", func(p *Provider) { p.Algorithms = []string{"RS256", "none"} }), "providers.psc.algorithms"},
		{"shared-secret signature", provider("psc", func(p *Provider) { p.Algorithms = []string{"HS256"} }), "providers.psc.algorithms"},
		{"no algorithm", provider("psc", func(p *Provider) { p.Algorithms = nil }), "providers.psc.algorithms"},
	})
}

func TestWAFRefuses(t *testing.T) {
	refuses(t, "waf.toml", []refusal[WAF]{
		{"no address", func(w *WAF) { w.Listen = "" }, "listen"},
		{"http public URL", func(w *WAF) { w.PublicURL = "http://a.example" }, "public_url"},
		{"http upstream", func(w *WAF) { w.Upstream = "http://localhost:8444" }, "upstream"},
		{"revocation switched off", func(w *WAF) { w.Revocation.WhenUnknown = "off" }, "revocation.when_unknown"},
		{"client certificates of browsers", func(w *WAF) { w.TLS.ClientCA = "/ca.pem" }, "tls.client_ca"},
		{"any upstream", func(w *WAF) { w.UpstreamTLS.CA = "" }, "upstream_tls.ca"},
		{"no client certificate", func(w *WAF) { w.UpstreamTLS.Certificate = "" }, "upstream_tls.certificate"},
		{"no body limit", func(w *WAF) { w.MaxBody = 0 }, "max_body"},
		{"absurd body limit", func(w *WAF) { w.MaxBody = 1 << 40 }, "max_body"},
		{"proxy without a mask", func(w *WAF) { w.TrustedProxies = []string{"192.0.2.1"} }, "trusted_proxies"},
		{"everybody a proxy", func(w *WAF) { w.TrustedProxies = []string{"::/0"} }, "trusted_proxies"},
	})
}

func TestIDPSimRefuses(t *testing.T) {
	refuses(t, "idpsim.toml", []refusal[IDPSim]{
		{"no clients", func(s *IDPSim) { s.Clients = nil }, "clients"},
		{"no people", func(s *IDPSim) { s.People = nil }, "people"},
		{"unknown provider", func(s *IDPSim) { s.Clients[0].Provider = "google" }, "clients.0.provider"},
		{"no client secret", func(s *IDPSim) { s.Clients[0].ClientSecretFile = "" }, "clients.0.client_secret_file"},
		{"assertions without keys", func(s *IDPSim) {
			s.Clients[0].ClientAuth, s.Clients[0].JWKSURL, s.Clients[0].Encryption = "private_key_jwt", "", ""
		}, "clients.0.jwks_url"},
		{"no encryption for FranceConnect+", func(s *IDPSim) { s.Clients[0].Encryption = "" }, "clients.0.encryption"},
		{"encryption for nobody's key", func(s *IDPSim) { s.Clients[0].JWKSURL = "" }, "clients.0.encryption"},
		{"no redirect URI", func(s *IDPSim) { s.Clients[0].RedirectURIs = nil }, "clients.0.redirect_uris"},
		{"http redirect URI", func(s *IDPSim) { s.Clients[0].RedirectURIs[0] = "http://localhost/" }, "clients.0.redirect_uris"},
		{"the same login twice", func(s *IDPSim) { s.People = append(s.People, s.People[0]) }, "people.2.login"},
		{"French date", func(s *IDPSim) { s.People[0].Birthdate = "09/03/1961" }, "people.0.birthdate"},
		{"gender in French", func(s *IDPSim) { s.People[0].Gender = "femme" }, "people.0.gender"},
		{"place by name", func(s *IDPSim) { s.People[0].Birthplace = "Paris" }, "people.0.birthplace"},
		{"short RPPS", func(s *IDPSim) { s.People[1].RPPS = "123" }, "people.1.rpps"},
	})
}

func TestAccepted(t *testing.T) {
	for name, change := range map[string]func(*Guichet){
		"portal alone": func(g *Guichet) { g.Intake, g.Database.Intake, g.Database.Owner = Intake{}, Role{}, Role{} },
		"intake alone": func(g *Guichet) {
			g.Portal, g.Database.Portal, g.Database.Sequencer, g.Providers, g.Traces = Portal{}, Role{}, Role{}, nil, Traces{PublicKeyFile: g.Traces.PublicKeyFile}
		},
		"witness alone": func(g *Guichet) {
			g.Portal, g.Database.Portal, g.Intake, g.Database.Intake = Portal{PublicURL: g.Portal.PublicURL}, Role{}, Intake{}, Role{}
		},
		"Unix socket": func(g *Guichet) { g.Database.Portal.URL = "postgres://guichet_portal@/guichet?host=/run/postgresql" },
		"socket, no password": func(g *Guichet) {
			g.Database.Portal = Role{URL: "postgres://guichet_portal@/guichet?host=/run/postgresql"}
		},
		"public URL with a port": func(g *Guichet) { g.Portal.PublicURL = "https://localhost:8443/" },
		"ops on a private IPv6":  func(g *Guichet) { g.Ops.Listen = "[fd00::1]:8447" },
		"no ops":                 func(g *Guichet) { g.Ops.Listen = "" },
		"any feed of the CA":     func(g *Guichet) { g.Intake.TLS.ClientName = "" },
		"plain FranceConnect":    provider("franceconnect", func(p *Provider) { p.Encryption, p.DecryptionKeys, p.ACR = "", nil, "eidas1" }),
		"certificate alone":      provider("psc", func(p *Provider) { p.ClientAuth, p.SigningKeyFiles = "tls_client_auth", nil }),
		"no table of roles":      provider("psc", func(p *Provider) { p.Roles = nil }),
		"discovery alone":        provider("psc", func(p *Provider) { p.AuthorizationURL = "" }),
		"one provider":           func(g *Guichet) { delete(g.Providers, "psc") },
	} {
		t.Run(name, func(t *testing.T) {
			config, err := LoadEnv[Guichet]("guichet.toml", nil)
			if err != nil {
				t.Fatal(err)
			}
			change(&config)
			if err := config.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnEmptyFileNamesEverythingMissing(t *testing.T) {
	_, err := LoadEnv[WAF](write(t, ""), nil)
	got := problemsOf(t, err)
	for _, field := range []string{
		"listen", "public_url", "upstream", "tls.certificate", "tls.key",
		"upstream_tls.ca", "upstream_tls.certificate", "upstream_tls.key",
	} {
		if got[field] != "is missing" {
			t.Errorf("%s: got %q", field, got[field])
		}
	}
	if !strings.Contains(err.Error(), "8 problems") {
		t.Errorf("got %v", err)
	}
}
