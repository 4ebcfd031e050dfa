package certificate

import (
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"guichet/configs"
)

// FuzzList: whatever a file or the network holds, nothing that the issuer did
// not sign says that a certificate is good, or revoked.
func FuzzList(f *testing.F) {
	authority := newCA(f, "authority", nil)
	cert := authority.issue(points("http://lists.example/")).Leaf
	genuine := [][]byte{authority.list(nil), authority.list(nil, cert), authority.list(scope(partition("http://lists.example/"), true))}
	for _, der := range genuine {
		f.Add(der)
		f.Add(inPEM("X509 CRL", der))
	}
	f.Add(newCA(f, "authority", nil).list(nil))
	f.Add([]byte("-----BEGIN X509 CRL-----\n"))
	signed := map[string]bool{}
	for _, der := range genuine {
		l, err := parseList(der)
		if err != nil {
			f.Fatal(err)
		}
		signed[string(l.signed.RawTBSRevocationList)] = true
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		lists, err := parseLists(content)
		if err != nil {
			return
		}
		for _, l := range lists {
			if found, _, _ := l.ask(cert, authority.cert, time.Now(), 0); found != unknown && !signed[string(l.signed.RawTBSRevocationList)] {
				t.Errorf("says %v, and nobody signed it", found)
			}
		}
	})
}

// FuzzAnswer: nothing that nobody signed says anything of a certificate.
func FuzzAnswer(f *testing.F) {
	authority := newCA(f, "authority", nil)
	cert := authority.issue().Leaf
	c, err := NewChecker("feeds", configs.Revocation{}, Options{})
	if err != nil {
		f.Fatal(err)
	}
	signed := map[string]bool{}
	responder := authority.issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} })
	for _, der := range [][]byte{authority.answer(cert, ocsp.Good, nil), authority.answer(cert, ocsp.Revoked, nil), authority.answer(cert, ocsp.Good, &responder)} {
		f.Add(der)
		response, err := ocsp.ParseResponse(der, nil)
		if err != nil {
			f.Fatal(err)
		}
		signed[string(response.TBSResponseData)] = true
	}
	f.Add(ocsp.TryLaterErrorResponse)
	f.Fuzz(func(t *testing.T, content []byte) {
		found, err := c.readAnswer(content, cert, authority.cert)
		if err != nil {
			return
		}
		response, err := ocsp.ParseResponseForCert(content, cert, nil)
		if err != nil || !signed[string(response.TBSResponseData)] {
			t.Errorf("says %v, and nobody signed it", found.status)
		}
	})
}
