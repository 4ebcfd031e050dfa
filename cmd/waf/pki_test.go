package main

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
	"testing"
	"time"
)

// Names in the tests' certificates.
const (
	publicName = "portail.example"
	portalName = "portal.internal"
	wafName    = "waf.internal"
)

// testPKI is a folder with a CA and a certificate for each name.
type testPKI struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	pool   *x509.CertPool
}

func newPKI(t testing.TB, names ...string) *testPKI {
	t.Helper()
	p := &testPKI{folder: t.TempDir(), pool: x509.NewCertPool()}
	p.key = p.generate(t)
	p.cert = p.sign(t, "ca", &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, p.key)
	p.pool.AddCert(p.cert)
	for i, name := range names {
		p.sign(t, name, &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 2)), DNSNames: []string{name},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}, p.generate(t))
	}
	p.revoke(t)
	return p
}

// revoke writes the authority's list, ca.crl, of the serial numbers given.
func (p *testPKI) revoke(t testing.TB, serials ...int64) {
	t.Helper()
	p.revokeUntil(t, time.Now().Add(time.Hour), serials...)
}

// revokeUntil writes a list with an end.
func (p *testPKI) revokeUntil(t testing.TB, end time.Time, serials ...int64) {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(time.Now().UnixNano()), ThisUpdate: end.Add(-2 * time.Hour), NextUpdate: end}
	for _, serial := range serials {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(serial), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, p.cert, p.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.path("ca.crl"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *testPKI) path(name string) string { return filepath.Join(p.folder, name) }

func (p *testPKI) generate(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *testPKI) sign(t testing.TB, name string, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := p.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), p.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		name + ".pem": {Type: "CERTIFICATE", Bytes: der},
		name + ".key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(p.path(file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
