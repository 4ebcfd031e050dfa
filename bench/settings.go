package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// publicURL is what the pages believe their address to be: the firewall's.
func (g *ground) publicURL() string { return "https://" + g.publicHost() }

func (g *ground) publicHost() string {
	_, port, _ := strings.Cut(g.ports["waf"], ":")
	return "localhost:" + port
}

// writeConfigs writes what the programs are started with, and the secrets and
// certificates that it names.
func (g *ground) writeConfigs() error {
	ca, err := newAuthority(g.folder)
	if err != nil {
		return err
	}
	for i, name := range []string{"portal", "waf", "mllp", "feed", "idpsim"} {
		if err := ca.issue(name, int64(i)+2); err != nil {
			return err
		}
	}
	if g.ports, err = freeAddresses("portal", "mllp", "ops", "waf", "idpsim", "untraced-portal", "untraced-mllp", "untraced-ops"); err != nil {
		return err
	}
	var cookie [64]byte
	_, _ = rand.Read(cookie[:]) // never fails
	for name, text := range map[string]string{
		"password":         password,
		"cookie":           hex.EncodeToString(cookie[:]),
		"client":           password,
		traced + ".toml":   g.guichetConfig(traced, ""),
		untraced + ".toml": g.guichetConfig(untraced, "untraced-"),
		"waf.toml":         g.wafConfig(),
		"idpsim.toml":      g.idpsimConfig(),
	} {
		if err := os.WriteFile(g.path(name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// guichetConfig has all listeners, as many connections as the product takes by
// itself, and one provider, which nobody is sent to.
func (g *ground) guichetConfig(database, listeners string) string {
	var t text
	t.table("hospital", "name", "Centre hospitalier de mesure", "support_phone", "01 99 00 12 34", "support_hours", "du lundi au vendredi",
		"support_mail", "aide@hopital.example", "alert_phone", "01 99 00 56 78")
	t.table("database.portal", "url", g.cluster.URL("guichet_portal", database), "password_file", g.path("password"))
	t.table("database.intake", "url", g.cluster.URL("guichet_intake", database), "password_file", g.path("password"))
	if database == traced {
		t.table("database.sequencer", "url", g.cluster.URL("guichet_sequencer", database), "password_file", g.path("password"))
		t.table("traces", "signing_key_file", g.path("traces.key"), "public_key_file", g.path("traces.pub"), "checkpoints", g.path("checkpoints"))
	}
	t.table("keys", "master_file", g.path("master.json"), "keyring_file", g.path("keyring.json"))
	t.table("portal", "listen", g.ports[listeners+"portal"], "public_url", g.publicURL(), "cookie_secret_file", g.path("cookie"))
	t.table("portal.tls", g.serverTLS("portal", "waf")...)
	t.table("intake", "mllp", g.ports[listeners+"mllp"], "local_authority", "HOP")
	t.table("intake.tls", g.serverTLS("mllp", "feed")...)
	t.table("ops", "listen", g.ports[listeners+"ops"])
	base := "https://" + g.ports["idpsim"] + "/franceconnect"
	t.table("providers.franceconnect", "label", "FranceConnect", "issuer", base, "authorization_url", base+"/authorize", "token_url", base+"/token",
		"userinfo_url", base+"/userinfo", "jwks_url", base+"/jwks", "end_session_url", base+"/session/end", "client_id", "bench",
		"client_secret_file", g.path("client"), "acr", "eidas1", "ca_file", g.path("ca.pem"))
	t.list("scopes", "openid")
	t.list("algorithms", "ES256")
	return t.String() + g.revocationConfig()
}

// revocationConfig names the list that every peer's certificate is looked up in.
func (g *ground) revocationConfig() string {
	var t text
	for _, peer := range []string{"providers", "feeds", "waf"} {
		t.table("revocation." + peer)
		t.list("crl_files", g.path("ca.crl"))
	}
	return t.String()
}

func (g *ground) wafConfig() string {
	var t text
	t.pairs("listen", g.ports["waf"], "public_url", g.publicURL(), "upstream", "https://"+g.ports["portal"])
	t.table("tls", g.serverTLS("waf", "")...)
	t.table("upstream_tls", "ca", g.path("ca.pem"), "certificate", g.path("waf.pem"), "key", g.path("waf.key"), "server_name", "portal")
	t.table("revocation")
	t.list("crl_files", g.path("ca.crl"))
	return t.String()
}

func (g *ground) idpsimConfig() string {
	var t text
	t.pairs("listen", g.ports["idpsim"], "public_url", "https://"+g.ports["idpsim"])
	t.table("tls", g.serverTLS("idpsim", "")...)
	t.table("[clients]", "provider", "franceconnect", "client_id", "bench", "client_secret_file", g.path("client"),
		"post_logout_redirect_uri", g.publicURL()+"/session-ended")
	t.list("redirect_uris", g.publicURL()+"/callback/franceconnect")
	t.table("[people]", "provider", "franceconnect", "login", "ines", "name", "Inès Causse", "family", "CAUSSE", "given", "Inès",
		"birthdate", "1992-12-30", "gender", "female", "birthplace", "34172", "country", "99100")
	return t.String()
}

// serverTLS is a listener's side; with a client, only that one's certificate
// opens it.
func (g *ground) serverTLS(name, client string) []string {
	side := []string{"certificate", g.path(name + ".pem"), "key", g.path(name + ".key")}
	if client != "" {
		side = append(side, "client_ca", g.path("ca.pem"), "client_name", client)
	}
	return side
}

// text is a TOML file being written. All values are strings of ours that Go
// and TOML quote alike.
type text struct{ strings.Builder }

func (t *text) table(name string, pairs ...string) {
	fmt.Fprintf(t, "\n[%s]\n", name)
	t.pairs(pairs...)
}

func (t *text) pairs(pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(t, "%s = %q\n", pairs[i], pairs[i+1])
	}
}

func (t *text) list(name string, value string) { fmt.Fprintf(t, "%s = [%q]\n", name, value) }
