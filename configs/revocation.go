package configs

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// maxGrace is the longest that a list may serve beyond its time.
const maxGrace = 7 * 24 * time.Hour

func (r *Revocation) setDefaults() {
	r.WhenUnknown = Refuse
	r.Grace = 24 * time.Hour
}

func (r Revocation) validate(c *checker, field string) {
	for _, file := range r.CRLFiles {
		c.file(join(field, "crl_files"), file)
	}
	c.oneOf(join(field, "when_unknown"), r.WhenUnknown, Refuse, AcceptAndAlert)
	c.duration(join(field, "grace"), r.Grace, 0, maxGrace)
}

// uses gathers the files whose content runs out, by the field that names them.
type uses map[string]string

func (u uses) add(field, path string) {
	if path != "" {
		u[field] = path
	}
}

func (u uses) server(field string, side ServerTLS) {
	u.add(join(field, "certificate"), side.Certificate)
	u.add(join(field, "client_ca"), side.ClientCA)
}

func (u uses) lists(field string, r Revocation) {
	for i, file := range r.CRLFiles {
		u.add(join(field, fmt.Sprintf("crl_files.%d", i)), file)
	}
}

// role adds what the URL of a role names, as libpq calls it.
func (u uses) role(field string, r Role) {
	address, err := url.Parse(r.URL)
	if err != nil || isSocket(address) {
		return
	}
	u.add(join(field, "sslcert"), address.Query().Get("sslcert"))
	if root := address.Query().Get("sslrootcert"); root != "system" {
		u.add(join(field, "sslrootcert"), root)
	}
}

// CertificateFiles lists the certificates and revocation lists that this
// configuration names, for a watch on their ends; by field.
func (g Guichet) CertificateFiles() map[string]string {
	u := uses{}
	if g.Portal.Listen != "" {
		u.server("portal.tls", g.Portal.TLS)
		u.role("database.portal", g.Database.Portal)
		u.lists("revocation.waf", g.Revocation.WAF)
	}
	if g.Intake.Served() {
		u.server("intake.tls", g.Intake.TLS)
		u.role("database.intake", g.Database.Intake)
		u.lists("revocation.feeds", g.Revocation.Feeds)
	}
	if g.Witnessed() {
		u.role("database.sequencer", g.Database.Sequencer)
	}
	if g.Sequences() {
		u.add("traces.timestamp.ca", g.Traces.Timestamp.CA)
		u.add("traces.timestamp.authorities", g.Traces.Timestamp.Authorities)
		for i, s := range g.Traces.Streams {
			field := "traces.streams." + strconv.Itoa(i)
			u.add(join(field, "ca"), s.CA)
			u.add(join(field, "certificate"), s.Certificate)
		}
		u.lists("revocation.receivers", g.Revocation.Receivers)
	}
	if g.Portal.Listen != "" || g.Witnessed() {
		for name, p := range g.Providers {
			u.add(join("providers."+name, "ca_file"), p.CAFile)
		}
		u.lists("revocation.providers", g.Revocation.Providers)
	}
	u.lists("revocation.database", g.Revocation.Database)
	if g.Portal.Listen != "" || g.Witnessed() {
		u.add("alerts.mail.ca_file", g.Alerts.Mail.CAFile)
		u.add("alerts.webhook.ca_file", g.Alerts.Webhook.CAFile)
		u.lists("revocation.alerts", g.Revocation.Alerts)
	}
	return u
}

// CertificateFiles lists the certificates and revocation lists that this
// configuration names, for a watch on their ends; by field.
func (w WAF) CertificateFiles() map[string]string {
	u := uses{}
	u.server("tls", w.TLS)
	u.add("upstream_tls.ca", w.UpstreamTLS.CA)
	u.add("upstream_tls.certificate", w.UpstreamTLS.Certificate)
	u.lists("revocation", w.Revocation)
	return u
}
