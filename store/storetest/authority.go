package storetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority issues the certificates of one test.
type Authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority, whose certificate is ca.pem and whose
// revocation list, of nobody at first, is ca.crl.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{folder: t.TempDir()}
	a.Issue(t, "ca")
	a.Revoke(t)
	return a
}

// Path is where a file of the authority lies: NAME.pem or NAME.key.
func (a *Authority) Path(file string) string { return filepath.Join(a.folder, file) }

// Pool trusts the authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Issue makes a certificate for a name, as common name and as DNS name. The
// first is the authority's own.
func (a *Authority) Issue(t testing.TB, name string) tls.Certificate {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal("issue certificate:", err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature}
	parent, signer := a.certificate, a.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	must(err)
	if a.certificate == nil {
		a.certificate, err = x509.ParseCertificate(der)
		must(err)
		a.key = key
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	must(os.WriteFile(a.Path(name+".pem"), public, 0o600))
	must(os.WriteFile(a.Path(name+".key"), secret, 0o600))
	pair, err := tls.X509KeyPair(public, secret)
	must(err)
	return pair
}

// Revoke writes the authority's list anew: of the certificates given, and of
// no others. It is put in place whole, as certificate tools do.
func (a *Authority) Revoke(t testing.TB, certificates ...tls.Certificate) {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(time.Now().UnixNano()), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, c := range certificates {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.Leaf.SerialNumber, RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.certificate, a.key)
	if err == nil {
		err = os.WriteFile(a.Path("ca.crl.new"), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o600)
	}
	if err == nil {
		err = os.Rename(a.Path("ca.crl.new"), a.Path("ca.crl"))
	}
	if err != nil {
		t.Fatal("write revocation list:", err)
	}
}
