package configs

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRevocationIsStrictByItself: a configuration that says nothing of it
// refuses what cannot be checked (AA3.b).
func TestRevocationIsStrictByItself(t *testing.T) {
	var g Guichet
	g.setDefaults()
	var w WAF
	w.setDefaults()
	for name, r := range map[string]Revocation{"providers": g.Revocation.Providers, "database": g.Revocation.Database, "feeds": g.Revocation.Feeds,
		"waf": g.Revocation.WAF, "portal": w.Revocation} {
		if r.WhenUnknown != Refuse || r.Grace != 24*time.Hour || len(r.CRLFiles) != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestCertificateFiles: everything that can run out is watched, where it is
// served.
func TestCertificateFiles(t *testing.T) {
	g, err := LoadEnv[Guichet]("guichet.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	g.Database.Portal.URL += "&sslcert=/etc/guichet/tls/portal-db.pem"
	g.Database.Intake.URL = "postgres://guichet_intake@/guichet?host=/run&sslrootcert=/not/used.pem"
	psc := g.Providers["psc"]
	psc.CAFile = "/etc/guichet/tls/psc.pem"
	g.Providers["psc"] = psc
	names := func(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }
	portal := []string{"database.portal.sslcert", "database.portal.sslrootcert", "portal.tls.certificate", "portal.tls.client_ca", "revocation.waf.crl_files.0"}
	intake := []string{"intake.tls.certificate", "intake.tls.client_ca", "revocation.feeds.crl_files.0"}
	witness := []string{"database.sequencer.sslrootcert", "providers.psc.ca_file", "revocation.receivers.crl_files.0", "traces.streams.0.ca", "traces.streams.0.certificate",
		"traces.streams.1.ca", "traces.streams.1.certificate", "traces.timestamp.authorities"}
	both := []string{"revocation.database.crl_files.0"}
	alerts := []string{"alerts.mail.ca_file", "alerts.webhook.ca_file", "revocation.alerts.crl_files.0"} // told by either
	sorted := func(lists ...[]string) []string { return slices.Sorted(slices.Values(slices.Concat(lists...))) }
	if diff := cmp.Diff(sorted(portal, intake, witness, both, alerts), names(g.CertificateFiles())); diff != "" {
		t.Errorf("of all (-want +got):\n%s", diff)
	}
	g.Portal.Listen = ""
	if diff := cmp.Diff(sorted(intake, witness, both, alerts), names(g.CertificateFiles())); diff != "" {
		t.Errorf("of the intake and the witness (-want +got):\n%s", diff)
	}
	g.Database.Sequencer = Role{}
	if diff := cmp.Diff(sorted(intake, both), names(g.CertificateFiles())); diff != "" {
		t.Errorf("of the intake alone (-want +got):\n%s", diff)
	}
	w, err := LoadEnv[WAF]("waf.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"revocation.crl_files.0", "tls.certificate", "upstream_tls.ca", "upstream_tls.certificate"}, names(w.CertificateFiles())); diff != "" {
		t.Errorf("of the WAF (-want +got):\n%s", diff)
	}
}
