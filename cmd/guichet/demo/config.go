package demo

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/pelletier/go-toml/v2"

	"guichet/configs"
)

// writeConfigs writes the configuration of the three programs anew, so that it
// is always this version's and these ports'.
func (d *demo) writeConfigs() error {
	for name, config := range map[string]any{
		"guichet.toml": d.guichetConfig(),
		"waf.toml":     d.wafConfig(),
		"idpsim.toml":  d.providersConfig(),
	} {
		content, err := encode(config)
		if err != nil {
			return fmt.Errorf("encode %s: %w", name, err)
		}
		if err := writeFile(d.folder.path(name), 0o600, content); err != nil {
			return err
		}
	}
	return nil
}

// encode turns a configuration into TOML. What is zero is left out, so that
// the programs' own defaults hold.
func encode(config any) ([]byte, error) {
	text, err := toml.Marshal(config)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	if err := toml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	prune(tree)
	return toml.Marshal(tree)
}

func prune(table map[string]any) {
	for name, value := range table {
		if list, ok := value.([]any); ok {
			for _, member := range list {
				if inner, ok := member.(map[string]any); ok {
					prune(inner)
				}
			}
		}
		if inner, ok := value.(map[string]any); ok {
			prune(inner)
		}
		if v := reflect.ValueOf(value); !v.IsValid() || v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0 {
			delete(table, name)
		}
	}
}

func (d *demo) guichetConfig() configs.Guichet {
	return configs.Guichet{
		Hospital: configs.Hospital{
			Name: "Centre hospitalier de démonstration",
			// Numbers that ARCEP keeps for fiction.
			SupportPhone: "01 99 00 12 34", SupportHours: "du lundi au vendredi, de 8 h à 18 h",
			SupportMail: "aide@hopital.example", AlertPhone: "01 99 00 56 78",
			Demonstration: true,
			Address:       "1, rue de la Démonstration, 75000 Paris", Director: "Personne fictive",
			Host: "Cette machine", HostCertificate: "Aucun : démonstration", ProtectionOfficer: "dpo@hopital.example",
		},
		Database: configs.Database{
			Owner:     configs.Role{URL: d.cluster.URL("guichet_owner", database)},
			Portal:    d.role("guichet_portal"),
			Intake:    d.role("guichet_intake"),
			Console:   d.role("guichet_console"),
			Sequencer: d.role("guichet_sequencer"),
			Officer:   d.role("guichet_officer"),
		},
		Keys: configs.Keys{
			MasterFile:  d.folder.path("keys", "master.json"),
			KeyringFile: d.folder.path("keys", "keyring.json"),
		},
		Traces: configs.Traces{PublicKeyFile: d.folder.path(tracesPublic), SigningKeyFile: d.folder.path(traceKey), Checkpoints: d.folder.path(checkpoints)},
		Portal: configs.Portal{
			Listen:           d.ports.listen(d.ports.portal),
			PublicURL:        d.ports.url(d.ports.waf),
			CookieSuffix:     strconv.Itoa(d.ports.waf), // browsers do not tell ports apart
			TLS:              d.serverTLS("portal", "waf"),
			CookieSecretFile: d.secrets.file(cookieSecret),
		},
		Intake: configs.Intake{
			MLLP:           d.ports.listen(d.ports.mllp),
			FHIR:           d.ports.listen(d.ports.intake),
			FHIRURL:        d.fhirURL(),
			TLS:            d.serverTLS("mllp", "feed"),
			LocalAuthority: "HOP",
		},
		Ops: configs.Ops{Listen: d.ports.listen(d.ports.ops)},
		Providers: map[string]configs.Provider{
			"franceconnect": d.franceConnect(),
			"psc":           d.proSanteConnect(),
		},
		Revocation: configs.PeerRevocation{Providers: d.revocation(), Database: d.revocation(), Feeds: d.revocation(), WAF: d.revocation()},
	}
}

// Where the demo's log of traces is signed and published.
const (
	traceKey     = "keys/traces.key"
	tracesPublic = "traces.pub"
	checkpoints  = "checkpoints"
)

// revocation refuses whatever the demo's authority does not speak for; the rest
// are the programs' own defaults.
func (d *demo) revocation() configs.Revocation {
	return configs.Revocation{CRLFiles: []string{d.folder.path("ca.crl")}, WhenUnknown: configs.Refuse}
}

// fhirURL is the base of the FHIR intake.
func (d *demo) fhirURL() string { return d.ports.url(d.ports.intake) + "/fhir" }

const database = "guichet"

func (d *demo) role(name string) configs.Role {
	return configs.Role{URL: d.cluster.URL(name, database), PasswordFile: d.secrets.file(name)}
}

// serverTLS is a listener's side; with a client name, only that client's
// certificate opens it (DT7).
func (d *demo) serverTLS(name, client string) configs.ServerTLS {
	side := configs.ServerTLS{Certificate: d.folder.path("tls", name+".pem"), Key: d.folder.path("tls", name+".key")}
	if client != "" {
		side.ClientCA, side.ClientName = d.folder.path("ca.pem"), client
	}
	return side
}

func (d *demo) clientTLS(name, server string) configs.ClientTLS {
	return configs.ClientTLS{
		CA: d.folder.path("ca.pem"), Certificate: d.folder.path("tls", name+".pem"), Key: d.folder.path("tls", name+".key"),
		ServerName: server,
	}
}

func (d *demo) feedTLS() configs.ClientTLS { return d.clientTLS("feed", "localhost") }

// encryption is what the demo has agreed with its FranceConnect+.
const encryption = "RSA-OAEP-256"

// franceConnect is the fictitious FranceConnect+: no PKCE, and what it says of
// people is signed, then encrypted for us.
func (d *demo) franceConnect() configs.Provider {
	base := d.ports.url(d.ports.providers) + "/franceconnect"
	return configs.Provider{
		Label: "FranceConnect+", Issuer: base,
		AuthorizationURL: base + "/authorize", TokenURL: base + "/token", UserinfoURL: base + "/userinfo",
		JWKSURL: base + "/jwks", EndSessionURL: base + "/session/end",
		ClientID: franceConnectClient, ClientSecretFile: d.secrets.file("franceconnect" + clientSecret),
		Encryption: encryption, DecryptionKeys: []string{d.secrets.file(franceConnectKey)},
		// The strict traits, the name in use, and where to write of an incident
		// (GA5.a); no more (data minimisation).
		Scopes: []string{"openid", "given_name", "family_name", "preferred_username", "birthdate", "gender", "birthplace", "birthcountry", "email"},
		ACR:    "eidas2", Algorithms: []string{"ES256"}, SignedUserinfo: true,
		CAFile: d.folder.path("ca.pem"),
	}
}

// proSanteConnect is the fictitious Pro Santé Connect: it is discovered, and
// believes our signature in place of a secret.
func (d *demo) proSanteConnect() configs.Provider {
	base := d.ports.url(d.ports.providers) + "/psc"
	return configs.Provider{
		Label: "Pro Santé Connect", Issuer: base,
		Discovery: base + "/.well-known/wallet-openid-configuration", EndSessionURL: base + "/logout",
		ClientID: proSanteConnectClient, ClientAuth: "private_key_jwt", SigningKeyFiles: []string{d.secrets.file(proSanteConnectKey)},
		Scopes: []string{"openid", "scope_all"}, ACR: "eidas1", PKCE: true, Algorithms: []string{"RS256"},
		CAFile: d.folder.path("ca.pem"),
	}
}

const (
	franceConnectClient   = "guichet-demo-fc"
	proSanteConnectClient = "guichet-demo-psc"
)

func (d *demo) wafConfig() configs.WAF {
	return configs.WAF{
		Listen:      d.ports.listen(d.ports.waf),
		TLS:         d.serverTLS("waf", ""),
		PublicURL:   d.ports.url(d.ports.waf),
		Upstream:    d.ports.url(d.ports.portal),
		UpstreamTLS: d.clientTLS("waf-client", "portal"),
		Revocation:  d.revocation(),
	}
}

func (d *demo) providersConfig() configs.IDPSim {
	public := d.ports.url(d.ports.waf)
	client := func(provider, id string) configs.IDPClient {
		return configs.IDPClient{
			Provider: provider, ClientID: id, JWKSURL: public + "/.well-known/jwks.json", CAFile: d.folder.path("ca.pem"),
			RedirectURIs:          []string{public + "/callback/" + provider},
			PostLogoutRedirectURI: public + "/session-ended",
		}
	}
	patients := client("franceconnect", franceConnectClient)
	patients.ClientSecretFile, patients.Encryption = d.secrets.file("franceconnect"+clientSecret), encryption
	professionals := client("psc", proSanteConnectClient)
	professionals.ClientAuth = "private_key_jwt"
	config := configs.IDPSim{
		Listen:    d.ports.listen(d.ports.providers),
		PublicURL: d.ports.url(d.ports.providers),
		TLS:       d.serverTLS("providers", ""),
		Clients:   []configs.IDPClient{patients, professionals},
	}
	for _, p := range d.people {
		if p.Provider == "franceconnect" || p.Provider == "psc" {
			config.People = append(config.People, p.atProvider())
		}
	}
	return config
}
