package auth_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"guichet/auth"
	"guichet/auth/authtest"
)

// untrusting goes through base but at one endpoint, where it goes through a
// transport that does not accept the provider's certificate.
type untrusting struct {
	base, other http.RoundTripper
	path        string
}

func (u untrusting) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, u.path) {
		return u.other.RoundTrip(r)
	}
	return u.base.RoundTrip(r)
}

// TestACertificateThatIsNotAccepted is told from a provider that is down, at
// each of the calls: somebody may stand in between (AA3).
func TestACertificateThatIsNotAccepted(t *testing.T) {
	revoked := &tls.CertificateVerificationError{Err: errors.New("revoked")}
	for _, path := range []string{"/token", "/jwks", "/userinfo"} {
		for name, change := range map[string]func(*tls.Config){
			"of another authority": func(c *tls.Config) { c.RootCAs = x509.NewCertPool() },
			"of another name":      func(c *tls.Config) { c.ServerName = "elsewhere.example" },
			"revoked":              func(c *tls.Config) { c.VerifyConnection = func(tls.ConnectionState) error { return revoked } },
		} {
			t.Run(path+", "+name, func(t *testing.T) {
				s := authtest.New(t, auth.FranceConnect)
				o := s.Options()
				trusting, ok := o.Transport.(*http.Transport)
				if !ok {
					t.Fatalf("the transport is a %T", o.Transport)
				}
				other := trusting.Clone()
				other.TLSClientConfig = trusting.TLSClientConfig.Clone()
				change(other.TLSClientConfig)
				o.Transport = untrusting{base: trusting, other: other, path: path}
				_, err := newBrowser(t, nil).signIn(s, newProvider(t, o))
				wantRefusal(t, err, auth.ReasonProviderCertificate)
			})
		}
	}
}
