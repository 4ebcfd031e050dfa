package configs

import "time"

// Guichet is the configuration of `guichet serve` and of every command that
// touches an installation.
type Guichet struct {
	Hospital  Hospital            `toml:"hospital"`
	Database  Database            `toml:"database"`
	Keys      Keys                `toml:"keys"`
	Traces    Traces              `toml:"traces"`
	Portal    Portal              `toml:"portal"`
	Intake    Intake              `toml:"intake"`
	Ops       Ops                 `toml:"ops"`
	Providers map[string]Provider `toml:"providers"` // franceconnect, psc

	Revocation PeerRevocation `toml:"revocation"`
	Alerts     Alerts         `toml:"alerts"`
}

// Alerts says whom alerts are told to, beside the log and the figures: by the
// process that has database.sequencer, else by the portal's.
type Alerts struct {
	Mail    AlertMail    `toml:"mail"`
	Webhook AlertWebhook `toml:"webhook"`
}

// AlertMail is a mail server that takes alerts.
type AlertMail struct {
	Server       string   `toml:"server"`        // host:port; empty: no mail
	TLS          string   `toml:"tls"`           // starttls, which the server must offer, or implicit
	CAFile       string   `toml:"ca_file"`       // trusted for it; empty means the system's
	User         string   `toml:"user"`          // empty: the server asks for none
	PasswordFile string   `toml:"password_file"` // 0600; of user
	From         string   `toml:"from"`
	To           []string `toml:"to"`
}

// AlertWebhook is where alerts are posted as JSON.
type AlertWebhook struct {
	URL       string `toml:"url"`        // https; empty: none
	CAFile    string `toml:"ca_file"`    // trusted for it; empty means the system's
	TokenFile string `toml:"token_file"` // 0600; shown as a bearer token
}

// Hospital is what the pages say about who runs the service (GA8, GP1).
type Hospital struct {
	Name          string `toml:"name"`
	SupportPhone  string `toml:"support_phone"`
	SupportHours  string `toml:"support_hours"`
	SupportMail   string `toml:"support_mail"`
	AlertPhone    string `toml:"alert_phone"`
	Demonstration bool   `toml:"demonstration"` // prints the non-production stamp (GP6.a); relaxes nothing

	// Of the legal notice; what is left out is shown as not given.
	Address           string `toml:"address"`
	Director          string `toml:"director"`           // of publication
	Host              string `toml:"host"`               // who runs the machines
	HostCertificate   string `toml:"host_certificate"`   // for hosting health data (HDS)
	ProtectionOfficer string `toml:"protection_officer"` // for data: name and how to write to them
}

// Database says how each role reaches PostgreSQL. A URL holds no password: it
// stands alone in the 0600 file beside it.
type Database struct {
	Owner     Role `toml:"owner"`  // guichet migrate only
	Portal    Role `toml:"portal"` // the portal's own role
	Intake    Role `toml:"intake"`
	Console   Role `toml:"console"`   // an operator's commands about people and settings
	Sequencer Role `toml:"sequencer"` // the witness of sign-ins, and the sequencer of traces; left out: not served by this process
	Officer   Role `toml:"officer"`   // the trace officer's commands
}

// Role is one PostgreSQL login role.
type Role struct {
	URL          string `toml:"url"` // postgres://guichet_portal@/guichet?host=/run/…, or with sslmode=verify-full
	PasswordFile string `toml:"password_file"`
	Connections  int    `toml:"connections"` // at most; 0 means 24: a read waits for the disk more than it works
}

// Keys says where the master key is.
type Keys struct {
	MasterFile  string `toml:"master_file"`  // Tink keyset, 0600
	KeyringFile string `toml:"keyring_file"` // service and index keysets, wrapped by the master key
}

// Traces says where the log of traces is signed, and where its checkpoints go.
type Traces struct {
	PublicKeyFile  string `toml:"public_key_file"`  // what anybody verifies with
	SigningKeyFile string `toml:"signing_key_file"` // 0600, of the process that sequences and of no other
	Checkpoints    string `toml:"checkpoints"`      // folder that the sequencer writes to

	Timestamp Timestamp     `toml:"timestamp"`
	Streams   []TraceStream `toml:"streams"`
}

// Timestamp is the authority that says when checkpoints were there (RFC 3161).
type Timestamp struct {
	URL         string        `toml:"url"`         // https; empty: none is asked
	CA          string        `toml:"ca"`          // of the server's certificate; empty means the system's
	Authorities string        `toml:"authorities"` // what the authority's own certificate must lead to
	Interval    time.Duration `toml:"interval"`    // default 1h
}

// TraceStream is a receiver outside: of entries, or of checkpoints.
type TraceStream struct {
	Name        string `toml:"name"`    // how far it has come is kept under it
	Format      string `toml:"format"`  // StreamAuditEvent and so on
	Address     string `toml:"address"` // host:port of syslog over TLS; or
	URL         string `toml:"url"`     // https: the base of a FHIR server, or where checkpoints are posted
	CA          string `toml:"ca"`      // of the receiver's certificate; empty means the system's
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	ServerName  string `toml:"server_name"` // in its certificate; empty means the host
	TokenFile   string `toml:"token_file"`  // 0600, with url: a bearer token
}

// What a receiver outside is sent.
const (
	StreamAuditEvent = "auditevent" // FHIR, after IHE BALP
	StreamDICOM      = "dicom"      // audit messages (IHE ATNA)
	StreamCEF        = "cef"
	StreamCheckpoint = "checkpoint" // no entries: the signed checkpoints of their log
)

// Receives reports whether the receiver is sent entries.
func (s TraceStream) Receives() bool { return s.Format != StreamCheckpoint }

// TLS is how the receiver is reached.
func (s TraceStream) TLS() ClientTLS {
	return ClientTLS{CA: s.CA, Certificate: s.Certificate, Key: s.Key, ServerName: s.ServerName}
}

// Portal is the listener for patients and clinicians, behind the WAF.
type Portal struct {
	Listen           string    `toml:"listen"`
	PublicURL        string    `toml:"public_url"`
	CookieSuffix     string    `toml:"cookie_suffix"`      // the port, in the demo; else empty
	TLS              ServerTLS `toml:"tls"`                // its client is the WAF and nobody else
	CookieSecretFile string    `toml:"cookie_secret_file"` // 64 random bytes in hex: seals the cookie of a sign-in under way
}

// Intake is where the hospital's systems deposit.
type Intake struct {
	MLLP           string    `toml:"mllp"`     // HL7 v2; empty: not served
	FHIR           string    `toml:"fhir"`     // FHIR R4 over HTTPS; empty: not served
	FHIRURL        string    `toml:"fhir_url"` // of the FHIR base, as senders write it: https://host/fhir
	TLS            ServerTLS `toml:"tls"`
	LocalAuthority string    `toml:"local_authority"` // assigning authority of the hospital's own patient numbers
	MaxMessage     int       `toml:"max_message"`     // bytes; default 20 MiB
}

// Ops is the listener for probes and metrics, on a private network.
type Ops struct {
	Listen string `toml:"listen"`
}

// Provider is one OpenID provider: FranceConnect, FranceConnect+ and Pro Santé
// Connect differ by nothing else. See docs/identity.md.
type Provider struct {
	Label             string   `toml:"label"` // as people know it: FranceConnect+
	Issuer            string   `toml:"issuer"`
	Discovery         string   `toml:"discovery"` // the provider's document, for the four URLs below that are left out; what is given here wins
	AuthorizationURL  string   `toml:"authorization_url"`
	TokenURL          string   `toml:"token_url"`
	UserinfoURL       string   `toml:"userinfo_url"`
	JWKSURL           string   `toml:"jwks_url"`
	EndSessionURL     string   `toml:"end_session_url"` // never discovered: the pages' content policy names its host
	ClientID          string   `toml:"client_id"`
	ClientAuth        string   `toml:"client_auth"`        // client_secret_post where left out, client_secret_basic, private_key_jwt, tls_client_auth
	ClientSecretFile  string   `toml:"client_secret_file"` // for the first two
	SigningKeyFiles   []string `toml:"signing_key_files"`  // for private_key_jwt; the first signs, all are published
	ClientCertificate string   `toml:"client_certificate"` // shown to the provider; read again when it changes
	ClientKey         string   `toml:"client_key"`
	Encryption        string   `toml:"encryption"`           // agreed for ID token and userinfo: RSA-OAEP-256 or ECDH-ES; empty: none
	DecryptionKeys    []string `toml:"decryption_key_files"` // newest first; all open, all are published
	Scopes            []string `toml:"scopes"`
	ACR               string   `toml:"acr"`             // asked for, and checked on return
	AMR               bool     `toml:"amr"`             // asks by which methods the person signed in, and wants to be told
	PKCE              bool     `toml:"pkce"`            // off for FranceConnect, which refuses unknown parameters
	Algorithms        []string `toml:"algorithms"`      // of signatures
	SignedUserinfo    bool     `toml:"signed_userinfo"` // application/jwt, as FranceConnect sends it
	CAFile            string   `toml:"ca_file"`         // trusted for this provider; empty means the system's

	MaxAuthAge time.Duration     `toml:"max_auth_age"` // how long ago the person may have signed in there; left out: 30m, Pro Santé Connect 4h
	Roles      map[string]string `toml:"roles"`        // psc: profession (TRE_G15) to physician, nurse or professional; left out: 10 and 60
}

// PeerRevocation says how the certificates of each kind of peer are checked.
type PeerRevocation struct {
	Providers Revocation `toml:"providers"`
	Database  Revocation `toml:"database"` // over TCP
	Feeds     Revocation `toml:"feeds"`    // what the hospital's systems show
	WAF       Revocation `toml:"waf"`
	Alerts    Revocation `toml:"alerts"`    // of the servers that take alerts
	Receivers Revocation `toml:"receivers"` // of traces and checkpoints, and the time stamp server
}

// Revocation says how it is found out that a peer's certificate was not taken
// back (AA3.b). What a certificate names itself is asked too; nothing here
// turns the check off.
type Revocation struct {
	CRLFiles    []string      `toml:"crl_files"`    // PEM or DER; read again when they change
	WhenUnknown string        `toml:"when_unknown"` // Refuse, the default, or AcceptAndAlert
	Grace       time.Duration `toml:"grace"`        // how long a list serves that was not replaced in time
}

// What to do with a certificate of which nobody can say whether it was taken
// back.
const (
	Refuse         = "refuse"
	AcceptAndAlert = "accept-and-alert"
)

// WAF is the configuration of bin/waf.
type WAF struct {
	Listen         string    `toml:"listen"` // HTTPS, towards the Internet
	TLS            ServerTLS `toml:"tls"`    // no client certificate is asked for here
	PublicURL      string    `toml:"public_url"`
	Upstream       string    `toml:"upstream"` // https://localhost:8444
	UpstreamTLS    ClientTLS `toml:"upstream_tls"`
	MaxBody        int       `toml:"max_body"`        // bytes; default 1 MiB
	TrustedProxies []string  `toml:"trusted_proxies"` // CIDRs whose X-Forwarded-For is believed; none by default

	Revocation Revocation `toml:"revocation"` // of the portal's certificate
}

// IDPSim is the configuration of bin/idpsim, the fictitious providers of the
// demo and the tests.
type IDPSim struct {
	Listen    string      `toml:"listen"`
	PublicURL string      `toml:"public_url"` // https://localhost:8448
	TLS       ServerTLS   `toml:"tls"`
	Clients   []IDPClient `toml:"clients"`
	People    []IDPPerson `toml:"people"`
}

// IDPClient is a relying party that a fictitious provider knows.
type IDPClient struct {
	Provider              string   `toml:"provider"` // franceconnect or psc
	ClientID              string   `toml:"client_id"`
	ClientSecretFile      string   `toml:"client_secret_file"` // empty with private_key_jwt
	ClientAuth            string   `toml:"client_auth"`        // a secret where left out, or private_key_jwt
	JWKSURL               string   `toml:"jwks_url"`           // the client's own keys; with it franceconnect is FranceConnect+, which encrypts
	Encryption            string   `toml:"encryption"`         // RSA-OAEP-256 or ECDH-ES, with jwks_url at franceconnect
	CAFile                string   `toml:"ca_file"`            // trusted for jwks_url; empty means the system's
	RedirectURIs          []string `toml:"redirect_uris"`
	PostLogoutRedirectURI string   `toml:"post_logout_redirect_uri"`
}

// IDPPerson is a fictitious person who can sign in.
type IDPPerson struct {
	Provider   string `toml:"provider"`
	Login      string `toml:"login"`
	Name       string `toml:"name"` // shown in the provider's form
	Family     string `toml:"family"`
	Given      string `toml:"given"`
	Usual      string `toml:"usual"`
	Birthdate  string `toml:"birthdate"`
	Gender     string `toml:"gender"`
	Birthplace string `toml:"birthplace"`
	Country    string `toml:"country"`    // 99100 for France
	RPPS       string `toml:"rpps"`       // professionals: 11 digits
	Profession string `toml:"profession"` // TRE_G15: 10 physician, 60 nurse
	Structure  string `toml:"structure"`
}

// ServerTLS is one side of a listener. With ClientCA set, a client certificate
// of that CA whose DNS names hold ClientName is required (DT7).
type ServerTLS struct {
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	ClientCA    string `toml:"client_ca"`
	ClientName  string `toml:"client_name"` // empty with ClientCA set: any certificate of that CA
}

// ClientTLS is how to reach a listener: whom to believe and what to show.
type ClientTLS struct {
	CA          string `toml:"ca"`
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	ServerName  string `toml:"server_name"`
}
