package pgtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority is a certification authority of one test.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{folder: t.TempDir()}
	a.certificate, a.key = a.issue(t, "ca", nil)
	return a
}

// issue writes name.pem and name.key; the first certificate is the authority's
// own.
func (a *authority) issue(t *testing.T, name string, dns []string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: dns, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for suffix, block := range map[string]*pem.Block{
		".pem": {Type: "CERTIFICATE", Bytes: der},
		".key": {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(a.path(name+suffix), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func (a *authority) path(name string) string { return filepath.Join(a.folder, name) }

func TestOverTLSARoleNeedsItsCertificateAndItsPassword(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	ours.issue(t, "server", []string{"localhost"})
	ours.issue(t, "guichet_portal", nil)
	ours.issue(t, "guichet_intake", nil)
	ours.issue(t, "postgres", nil)
	ours.issue(t, "guichet_owner", nil)
	theirs.issue(t, "guichet_portal", nil)

	c := start(t, Options{TLS: &TLSFiles{CA: ours.path("ca.pem"), Certificate: ours.path("server.pem"), Key: ours.path("server.key")}})
	mustQuery(t, c, c.URL("postgres", "postgres"), `CREATE ROLE guichet_portal LOGIN PASSWORD 'right';
		CREATE ROLE guichet_owner LOGIN PASSWORD 'right'; ALTER ROLE postgres PASSWORD 'right'`)

	certificate := func(a *authority, name string) []string {
		return []string{"PGSSLCERT=" + a.path(name+".pem"), "PGSSLKEY=" + a.path(name+".key"), "PGPASSWORD=right"}
	}
	none := []string{"PGSSLCERT=/nonexistent", "PGSSLKEY=/nonexistent", "PGPASSWORD=right"}
	cases := []struct {
		name    string
		role    string
		env     []string
		mode    string // of TLS, instead of verify-full
		allowed bool
	}{
		{name: "certificate and password", role: "guichet_portal", env: certificate(ours, "guichet_portal"), allowed: true},
		{name: "no certificate", role: "guichet_portal", env: none},
		{name: "another role's certificate", role: "guichet_portal", env: certificate(ours, "guichet_intake")},
		{name: "a certificate of another authority", role: "guichet_portal", env: certificate(theirs, "guichet_portal")},
		{name: "a wrong password", role: "guichet_portal", env: append(certificate(ours, "guichet_portal"), "PGPASSWORD=wrong")},
		{name: "the superuser", role: "postgres", env: certificate(ours, "postgres")},
		{name: "the owner", role: "guichet_owner", env: certificate(ours, "guichet_owner")},
		{name: "without TLS", role: "guichet_portal", env: certificate(ours, "guichet_portal"), mode: "disable"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			url := c.TLSURL(tc.role, "postgres")
			if tc.mode != "" {
				url = strings.Replace(url, "sslmode=verify-full", "sslmode="+tc.mode, 1)
			}
			out, err := query(t, c, url, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", append(tc.env, "PGSSLROOTCERT="+ours.path("ca.pem"))...)
			if allowed := err == nil; allowed != tc.allowed {
				t.Fatalf("allowed %v, want %v: %s", allowed, tc.allowed, out)
			}
			if tc.allowed && out != "t" {
				t.Errorf("TLS in use: %q", out)
			}
		})
	}
}

func TestWithoutTLSNoPortIsOpen(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	if url := c.TLSURL("guichet_portal", "postgres"); url != "" {
		t.Errorf("an address over TCP is offered: %s", url)
	}
}
