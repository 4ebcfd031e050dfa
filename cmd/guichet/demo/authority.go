package demo

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"time"
)

const (
	authorityLife = 2 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
	skew          = time.Hour // of the clocks of those who check
)

// leaf is one certificate of the demo.
type leaf struct {
	name   string // of its files
	dns    []string
	called string // for people; the first DNS name where empty
	client bool   // shown by a client; the others are servers on this machine
}

// leaves are all certificates: one key a listener and a client, so that none
// can stand in for another (DT7).
var leaves = []leaf{
	{name: "waf", dns: []string{"localhost"}},
	{name: "portal", dns: []string{"portal", "localhost"}},
	{name: "waf-client", dns: []string{"waf"}, client: true},
	{name: "mllp", dns: []string{"localhost"}},
	{name: "feed", dns: []string{"feed"}, client: true, called: "Laboratoire"},
	{name: "providers", dns: []string{"localhost"}},
}

// authority is the private certification authority of one demo folder.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issueCertificates keeps what is still good and makes the rest, so that who
// trusts ca.pem once need not do so at every start.
func issueCertificates(f *folder, now time.Time) error {
	ca, err := loadAuthority(f, now)
	if err != nil {
		if ca, err = makeAuthority(f, now); err != nil {
			return err
		}
	}
	for _, l := range leaves {
		if ca.stillGood(f, l, now) {
			continue
		}
		if err := ca.issue(f, l, now); err != nil {
			return fmt.Errorf("issue certificate %s: %w", l.name, err)
		}
	}
	return ca.publish(f, now)
}

// publish writes the list of revoked certificates, which nobody here accepts a
// certificate without (AA3.b). The demo has revoked none.
func (a *authority) publish(f *folder, now time.Time) error {
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(now.Unix()), ThisUpdate: now.Add(-skew), NextUpdate: now.Add(leafLife),
	}, a.certificate, a.key)
	if err != nil {
		return fmt.Errorf("make revocation list: %w", err)
	}
	return writeFile(f.path("ca.crl"), 0o644, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

// loadAuthority returns the authority of an earlier run, or why there is none
// to go on with.
func loadAuthority(f *folder, now time.Time) (*authority, error) {
	pair, err := tls.LoadX509KeyPair(f.path("ca.pem"), f.path("tls", "ca.key"))
	if err != nil {
		return nil, fmt.Errorf("load authority: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("load authority: unexpected kind of key")
	}
	if now.Add(leafLife).After(pair.Leaf.NotAfter) || now.Before(pair.Leaf.NotBefore) {
		return nil, errors.New("load authority: it expires")
	}
	return &authority{certificate: pair.Leaf, key: key}, nil
}

// makeAuthority makes an authority that can vouch for this machine and our own
// names only: who trusts it risks nothing else, whoever gets its key.
func makeAuthority(f *folder, now time.Time) (*authority, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Guichet"}, CommonName: "Guichet, autorité de démonstration"},
		NotBefore: now.Add(-skew), NotAfter: now.Add(authorityLife),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true,
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	for _, l := range leaves {
		template.PermittedDNSDomains = append(template.PermittedDNSDomains, l.dns...)
	}
	slices.Sort(template.PermittedDNSDomains)
	template.PermittedDNSDomains = slices.Compact(template.PermittedDNSDomains)

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority key: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	if err := writePair(f.path("ca.pem"), f.path("tls", "ca.key"), der, key); err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key}, nil
}

// stillGood reports whether the files of l hold a certificate of this
// authority, for these names, that lasts.
func (a *authority) stillGood(f *folder, l leaf, now time.Time) bool {
	pair, err := tls.LoadX509KeyPair(f.path("tls", l.name+".pem"), f.path("tls", l.name+".key"))
	if err != nil {
		return false
	}
	if found, err := os.Stat(f.path("tls", l.name+".key")); err != nil || found.Mode().Perm() != 0o600 {
		return false
	}
	usage := x509.ExtKeyUsageServerAuth
	if l.client {
		usage = x509.ExtKeyUsageClientAuth
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.certificate)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{
		Roots: roots, CurrentTime: now.Add(renewBefore), KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err == nil && slices.Equal(pair.Leaf.DNSNames, l.dns)
}

func (a *authority) issue(f *folder, l leaf, now time.Time) error {
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Guichet"}, CommonName: cmp.Or(l.called, l.dns[0])},
		NotBefore: now.Add(-skew), NotAfter: now.Add(leafLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		DNSNames:              l.dns,
	}
	if l.client {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	return writePair(f.path("tls", l.name+".pem"), f.path("tls", l.name+".key"), der, key)
}

func writePair(certificateFile, keyFile string, der []byte, key *ecdsa.PrivateKey) error {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	if err := writeFile(keyFile, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})); err != nil {
		return err
	}
	return writeFile(certificateFile, 0o644, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
