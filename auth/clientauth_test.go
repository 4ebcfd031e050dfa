package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
)

// clientCertificate makes one that no authority stands behind: the server knows
// it by itself, as a provider knows what was declared.
func clientCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ORG AUTH_CLI"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// showing returns options whose connections show a certificate.
func showing(o auth.Options, c tls.Certificate) auth.Options {
	transport := o.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.Certificates = []tls.Certificate{c}
	o.Transport = transport
	return o
}

// TestClientAuthentication signs in by each method, and not when what the
// method shows is wrong: the server takes the agreed one and no other.
func TestClientAuthentication(t *testing.T) {
	certificate := clientCertificate(t)
	tests := []struct {
		method string
		spoil  func(auth.Options) auth.Options
	}{
		{auth.ClientSecretPost, func(o auth.Options) auth.Options { o.ClientSecret = "another"; return o }},
		{auth.ClientSecretBasic, func(o auth.Options) auth.Options { o.ClientSecret = "another"; return o }},
		{auth.PrivateKeyJWT, func(o auth.Options) auth.Options {
			stranger := authtest.Keys(t, "ECDH-ES")
			o.Keys = func() (*auth.ClientKeys, error) { return stranger, nil }
			return o
		}},
		{auth.TLSClientAuth, func(o auth.Options) auth.Options { return showing(o, clientCertificate(t)) }},
	}
	for _, provider := range []string{auth.FranceConnect, auth.ProSanteConnect} {
		for _, test := range tests {
			t.Run(provider+", "+test.method, func(t *testing.T) {
				s := authtest.New(t, provider)
				s.ClientAuth, s.Keys, s.Certificate = test.method, authtest.Keys(t, "ECDH-ES"), certificate.Leaf
				o := s.Options()
				if test.method == auth.PrivateKeyJWT || test.method == auth.TLSClientAuth {
					o.ClientSecret = ""
				}
				if test.method == auth.TLSClientAuth {
					o = showing(o, certificate)
				}
				b := newBrowser(t, nil)
				for range 2 { // an assertion serves once: each exchange has its own
					if _, err := b.signIn(s, newProvider(t, o)); err != nil {
						t.Errorf("refused: %v", err)
					}
				}
				_, err := b.signIn(s, newProvider(t, test.spoil(o)))
				wantRefusal(t, err, auth.ReasonExchange)
			})
		}
	}
}

// TestAssertionsAreShortLived: one that was kept opens nothing a few minutes
// later.
func TestAssertionsAreShortLived(t *testing.T) {
	now := time.Now()
	s := authtest.New(t, auth.ProSanteConnect)
	s.ClientAuth, s.Keys = auth.PrivateKeyJWT, authtest.Keys(t, "ECDH-ES")
	s.Now = func() time.Time { return now.Add(3 * time.Minute) } // the server's clock when it comes
	o := s.Options()
	o.ClientSecret, o.Now = "", func() time.Time { return now }
	_, err := newBrowser(t, nil).signIn(s, newProvider(t, o))
	wantRefusal(t, err, auth.ReasonExchange)
}
