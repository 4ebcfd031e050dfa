package configs

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what an installation may choose. Limits of sessions are no
// configuration but settings, chosen while it runs (AA13.c).
const (
	minMessage, maxMessage = 64 << 10, 256 << 20
	maxConnections         = 500
	maxStreams             = 32

	minStampInterval, maxStampInterval = time.Minute, 24 * time.Hour
)

// timestampName is what figures call the time stamps, among receivers.
const timestampName = "timestamp"

// Names of the providers: the portal has one sign-in route for each.
const (
	franceConnect   = "franceconnect"
	proSanteConnect = "psc"
)

var (
	cookieSuffix = regexp.MustCompile(`^[0-9A-Za-z]{0,16}$`)
	streamName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`) // as keep_streams has it
	authority    = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)
)

func (*Guichet) prefix() string { return "GUICHET_" }

// The WAF and the fictitious providers have variables of their own below the
// same prefix, and GUICHET_FULL asks the tests for their full length.
func (*Guichet) foreign() []string {
	return []string{"GUICHET_WAF_", "GUICHET_IDPSIM_", "GUICHET_FULL"}
}

func (*Guichet) mapNames() []string { return []string{franceConnect, proSanteConnect} }

func (g *Guichet) setDefaults() {
	g.Alerts.Mail.TLS = StartTLS
	g.Intake.MaxMessage = 20 << 20
	g.Traces.Timestamp.Interval = time.Hour
	for _, role := range []*Role{&g.Database.Owner, &g.Database.Portal, &g.Database.Intake, &g.Database.Console, &g.Database.Sequencer, &g.Database.Officer} {
		role.Connections = 24
	}
	for _, peer := range []*Revocation{&g.Revocation.Providers, &g.Revocation.Database, &g.Revocation.Feeds, &g.Revocation.WAF, &g.Revocation.Alerts, &g.Revocation.Receivers} {
		peer.setDefaults()
	}
}

// Validate reports everything that is missing or refused. A listener whose
// address is left out is not served, and nothing of it is asked for: portal
// and intake may run on different machines (GP3).
func (g *Guichet) Validate() error {
	c := &checker{}
	c.placeholders(g)
	g.Hospital.validate(c)
	c.file("keys.master_file", g.Keys.MasterFile)
	c.file("keys.keyring_file", g.Keys.KeyringFile)
	if g.Keys.MasterFile != "" && g.Keys.MasterFile == g.Keys.KeyringFile {
		c.refuse("keys.keyring_file", "must not be the master key's file")
	}
	if g.Portal.Listen == "" && !g.Intake.Served() && !g.Witnessed() {
		c.refuse("portal.listen", "is missing, and intake.mllp, intake.fhir and database.sequencer too: nothing to serve")
	}
	if g.Portal.Listen != "" {
		g.Portal.validate(c)
		g.Database.Portal.validate(c, "database.portal", "guichet_portal")
	}
	if g.Witnessed() {
		c.origin("portal.public_url", g.Portal.PublicURL) // whose sign-ins are checked
		g.Database.Sequencer.validate(c, "database.sequencer", "guichet_sequencer")
	}
	if g.Portal.Listen != "" || g.Witnessed() {
		validateProviders(c, g.Providers)
	}
	if g.Intake.Served() {
		g.Intake.validate(c)
		g.Database.Intake.validate(c, "database.intake", "guichet_intake")
	}
	if g.Database.Owner.URL != "" { // left out where migrations are run elsewhere
		g.Database.Owner.validate(c, "database.owner", "guichet_owner")
	}
	g.Traces.validate(c, g.Witnessed())
	g.Revocation.Providers.validate(c, "revocation.providers")
	g.Revocation.Database.validate(c, "revocation.database")
	g.Revocation.Feeds.validate(c, "revocation.feeds")
	g.Revocation.WAF.validate(c, "revocation.waf")
	g.Revocation.Alerts.validate(c, "revocation.alerts")
	g.Alerts.Mail.validate(c)
	g.Alerts.Webhook.validate(c)
	g.Revocation.Receivers.validate(c, "revocation.receivers")
	if g.Database.Console.URL != "" { // left out where no operator decides about people or settings
		g.Database.Console.validate(c, "database.console", "guichet_console")
	}
	if g.Database.Officer.URL != "" { // left out where no trace officer works
		g.Database.Officer.validate(c, "database.officer", "guichet_officer")
		c.file("traces.public_key_file", g.Traces.PublicKeyFile)
	}
	if g.Ops.Listen != "" {
		c.privateListen("ops.listen", g.Ops.Listen)
	}
	return c.found.asError()
}

// Witnessed reports whether this process checks what sign-ins rest on (W7).
func (g *Guichet) Witnessed() bool { return g.Database.Sequencer.URL != "" }

// Sequences reports whether this process may give traces their places in the log.
func (g *Guichet) Sequences() bool { return g.Witnessed() && g.Traces.SigningKeyFile != "" }

// validate asks for all of it where traces are signed: the key belongs to no
// process that cannot sequence.
func (t Traces) validate(c *checker, mayAppend bool) {
	t.Timestamp.validate(c)
	t.validateStreams(c)
	if t.SigningKeyFile == "" {
		if len(t.Streams) > 0 || t.Timestamp.URL != "" {
			c.refuse("traces.signing_key_file", "is missing: what leaves the machine leaves from the process that sequences")
		}
		c.optionalFile("traces.public_key_file", t.PublicKeyFile)
		c.optionalFile("traces.checkpoints", t.Checkpoints)
		return
	}
	c.file("traces.signing_key_file", t.SigningKeyFile)
	c.file("traces.public_key_file", t.PublicKeyFile)
	c.file("traces.checkpoints", t.Checkpoints)
	if !mayAppend {
		c.refuse("traces.signing_key_file", "is of the process that sequences alone: database.sequencer is missing")
	}
	if t.SigningKeyFile == t.PublicKeyFile {
		c.refuse("traces.public_key_file", "must not be the signing key's file")
	}
}

// Ways to speak TLS with a mail server.
const (
	StartTLS    = "starttls"
	ImplicitTLS = "implicit"
)

// maxRecipients bounds whom one alert is written to: more are a list's.
const maxRecipients = 20

func (m AlertMail) validate(c *checker) {
	if m.Server == "" {
		if m.From != "" || len(m.To) > 0 || m.User != "" || m.PasswordFile != "" {
			c.refuse("alerts.mail.server", "is missing")
		}
		return
	}
	if host, ok := c.listen("alerts.mail.server", m.Server); ok && host == "" {
		c.refuse("alerts.mail.server", "must be host:port")
	}
	c.oneOf("alerts.mail.tls", m.TLS, StartTLS, ImplicitTLS)
	c.optionalFile("alerts.mail.ca_file", m.CAFile)
	c.mail("alerts.mail.from", m.From)
	if len(m.To) == 0 || len(m.To) > maxRecipients {
		c.refuse("alerts.mail.to", "must have at least one address, and twenty at most")
	}
	for _, to := range m.To {
		c.mail("alerts.mail.to", to)
	}
	if m.User == "" && m.PasswordFile != "" {
		c.refuse("alerts.mail.user", "is missing")
	}
	if m.User != "" {
		c.text("alerts.mail.user", m.User)
		c.file("alerts.mail.password_file", m.PasswordFile)
	}
}

func (w AlertWebhook) validate(c *checker) {
	if w.URL == "" {
		if w.TokenFile != "" {
			c.refuse("alerts.webhook.url", "is missing")
		}
		return
	}
	c.https("alerts.webhook.url", w.URL)
	c.optionalFile("alerts.webhook.ca_file", w.CAFile)
	c.file("alerts.webhook.token_file", w.TokenFile)
}

func (t Timestamp) validate(c *checker) {
	if t.URL == "" {
		return
	}
	c.https("traces.timestamp.url", t.URL)
	c.optionalFile("traces.timestamp.ca", t.CA)
	c.file("traces.timestamp.authorities", t.Authorities) // else a token of anybody would pass
	c.duration("traces.timestamp.interval", t.Interval, minStampInterval, maxStampInterval)
}

func (t Traces) validateStreams(c *checker) {
	if len(t.Streams) > maxStreams {
		c.refuse("traces.streams", "must be 32 at most")
	}
	known := make(map[string]bool)
	for i, s := range t.Streams {
		field := "traces.streams." + strconv.Itoa(i)
		s.validate(c, field)
		if known[s.Name] {
			c.refuse(join(field, "name"), "is that of another")
		}
		known[s.Name] = true
		if s.Name == timestampName {
			c.refuse(join(field, "name"), "is what figures call the time stamps")
		}
	}
}

func (s TraceStream) validate(c *checker, field string) {
	if !streamName.MatchString(s.Name) {
		c.refuse(join(field, "name"), "must be at most 32 small letters, digits and hyphens")
	}
	c.oneOf(join(field, "format"), s.Format, StreamAuditEvent, StreamDICOM, StreamCEF, StreamCheckpoint)
	c.optionalFile(join(field, "ca"), s.CA)
	switch {
	case (s.Address == "") == (s.URL == ""):
		c.refuse(join(field, "address"), "or url must be given, and not both")
	case s.URL != "":
		s.validateURL(c, field)
	default:
		c.certificate(field, s.Certificate, s.Key) // RFC 5425: both ends are known by certificates
		if host, ok := c.listen(join(field, "address"), s.Address); ok && host == "" {
			c.refuse(join(field, "address"), "must name a host")
		}
		if s.TokenFile != "" {
			c.refuse(join(field, "token_file"), "is for a url: syslog has none")
		}
	}
}

func (s TraceStream) validateURL(c *checker, field string) {
	c.https(join(field, "url"), s.URL)
	if s.Format == StreamDICOM || s.Format == StreamCEF {
		c.refuse(join(field, "url"), "is for auditevent and checkpoint: give an address")
	}
	if s.Certificate != "" || s.Key != "" {
		c.certificate(field, s.Certificate, s.Key)
	}
	c.optionalFile(join(field, "token_file"), s.TokenFile)
}

func (h Hospital) validate(c *checker) {
	c.text("hospital.name", h.Name)
	c.phone("hospital.support_phone", h.SupportPhone) // GA8.a
	c.text("hospital.support_hours", h.SupportHours)
	c.mail("hospital.support_mail", h.SupportMail)
	c.phone("hospital.alert_phone", h.AlertPhone) // AA8.e
}

func (p Portal) validate(c *checker) {
	c.listen("portal.listen", p.Listen)
	c.origin("portal.public_url", p.PublicURL)
	if !cookieSuffix.MatchString(p.CookieSuffix) {
		c.refuse("portal.cookie_suffix", "must be at most 16 letters and digits")
	}
	c.mutual("portal.tls", p.TLS)
	c.text("portal.tls.client_name", p.TLS.ClientName) // the WAF and nobody else
	c.file("portal.cookie_secret_file", p.CookieSecretFile)
}

// Served reports whether anything is taken in.
func (i Intake) Served() bool { return i.MLLP != "" || i.FHIR != "" }

func (i Intake) validate(c *checker) {
	if i.MLLP != "" {
		c.listen("intake.mllp", i.MLLP)
	}
	if i.FHIR != "" {
		c.listen("intake.fhir", i.FHIR)
		c.base("intake.fhir_url", i.FHIRURL)
	}
	c.mutual("intake.tls", i.TLS)
	if !authority.MatchString(i.LocalAuthority) {
		c.refuse("intake.local_authority", "must be the name of an assigning authority")
	}
	c.between("intake.max_message", i.MaxMessage, minMessage, maxMessage)
}

// validate wants a URL of the role the database knows for this purpose, so
// that no listener runs with another's rights, over a Unix socket or over TLS
// with full verification (DT7.a).
func (r Role) validate(c *checker, field, role string) {
	c.optionalFile(join(field, "password_file"), r.PasswordFile)
	if r.Connections != 0 {
		c.between(join(field, "connections"), r.Connections, 1, maxConnections)
	}
	field = join(field, "url")
	if r.URL == "" {
		c.refuse(field, "is missing")
		return
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || strings.Trim(u.Path, "/") == "" {
		c.refuse(field, "must be postgres://role@host/database")
		return
	}
	if _, held := u.User.Password(); held || u.Query().Has("password") {
		c.refuse(field, "must hold no password: it stands alone in password_file")
	}
	if u.User.Username() != role || u.Query().Has("user") {
		c.refuse(field, "must name the role "+role)
	}
	if !isSocket(u) && !slices.Equal(u.Query()["sslmode"], []string{"verify-full"}) {
		c.refuse(field, "must have sslmode=verify-full, unless host is the folder of a Unix socket")
	}
}

func isSocket(u *url.URL) bool {
	hosts := u.Query()["host"]
	return u.Host == "" && len(hosts) == 1 && strings.HasPrefix(hosts[0], "/") &&
		!strings.Contains(hosts[0], ",") && !u.Query().Has("hostaddr")
}
