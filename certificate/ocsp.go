package certificate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

var oidNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// withoutEnd is how long an answer serves that does not say until when: its
// responder would give a new one at any time (RFC 6960, 2.4).
const withoutEnd = time.Hour

// answer is what a responder said of one certificate.
type answer struct {
	status status
	until  time.Time
}

// fromStaple reads the answer that the peer brought along.
func (c *Checker) fromStaple(cert, issuer *x509.Certificate, stapled []byte) (status, error) {
	if len(stapled) == 0 {
		return unknown, nil
	}
	if len(stapled) > maxResponse {
		return unknown, errors.New("stapled answer is too large")
	}
	found, err := c.readAnswer(stapled, cert, issuer)
	if err != nil {
		return unknown, fmt.Errorf("stapled answer: %w", err)
	}
	return found.status, nil
}

// fromResponder asks the responders that the certificate names.
func (c *Checker) fromResponder(ctx context.Context, cert, issuer *x509.Certificate) (status, error) {
	var causes []error
	for i, address := range cert.OCSPServer {
		if i == maxSources {
			break
		}
		found, err := c.askResponder(ctx, address, cert, issuer)
		if found != nil && (found.status == revoked || c.now().Before(found.until)) {
			return found.status, nil
		}
		causes = append(causes, fmt.Errorf("responder: %w", err))
	}
	return unknown, errors.Join(causes...)
}

func (c *Checker) askResponder(ctx context.Context, address string, cert, issuer *x509.Certificate) (*answer, error) {
	id := sha256.Sum256(slices.Concat(issuer.Raw, cert.Raw))
	usable := func(a *answer) bool { return a.status == revoked || c.now().Before(a.until) }
	return c.responses.get(ctx, address+"\x00"+string(id[:]), usable, func(ctx context.Context, _ *answer) (*answer, time.Time, error) {
		question, err := ocsp.CreateRequest(cert, issuer, nil)
		if err != nil {
			return nil, time.Time{}, errors.New("no question can be made of the certificate")
		}
		content, err := fetch(ctx, address, question, maxResponse)
		if err != nil {
			return nil, time.Time{}, err
		}
		found, err := c.readAnswer(content, cert, issuer)
		if err != nil {
			return nil, time.Time{}, err
		}
		return found, found.until, nil
	})
}

// readAnswer returns what an answer says, once it is known to be about this
// certificate, of now, and of somebody who may answer.
func (c *Checker) readAnswer(content []byte, cert, issuer *x509.Certificate) (*answer, error) {
	// The library's own check of the responder does not ask for its purpose.
	response, err := ocsp.ParseResponseForCert(content, cert, nil)
	if err != nil {
		return nil, errors.New("not an answer about this certificate")
	}
	if err := c.mayAnswer(response, issuer); err != nil {
		return nil, err
	}
	if !isAbout(response, cert, issuer) {
		return nil, errors.New("answer about a certificate of another issuer")
	}
	now := c.now()
	until := response.NextUpdate
	if until.IsZero() {
		until = response.ThisUpdate.Add(withoutEnd)
	}
	if response.ThisUpdate.After(now.Add(skew)) || response.ProducedAt.After(now.Add(skew)) {
		return nil, errors.New("answer of the future")
	}
	switch response.Status {
	case ocsp.Revoked:
		return &answer{status: revoked, until: until}, nil
	case ocsp.Good:
		if now.After(until.Add(skew)) {
			return nil, errors.New("answer has run out")
		}
		return &answer{status: good, until: until.Add(skew)}, nil
	}
	return nil, errors.New("responder does not know the certificate")
}

// mayAnswer wants the signature of the issuer, or of whom it charged with
// answering (RFC 6960, 4.2.2.2).
func (c *Checker) mayAnswer(response *ocsp.Response, issuer *x509.Certificate) error {
	if weak(response.SignatureAlgorithm) {
		return errors.New("answer is signed with a weak algorithm")
	}
	responder := response.Certificate
	if responder == nil || bytes.Equal(responder.Raw, issuer.Raw) {
		if response.CheckSignatureFrom(issuer) != nil {
			return errors.New("answer is not signed by the issuer")
		}
		return nil
	}
	now := c.now()
	switch {
	// ParseResponseForCert has checked the signature against this certificate.
	case !bytes.Equal(responder.RawIssuer, issuer.RawSubject), responder.CheckSignatureFrom(issuer) != nil:
		return errors.New("responder is not the issuer's")
	case !slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errors.New("responder was not charged with answering")
	case now.After(responder.NotAfter), now.Before(responder.NotBefore):
		return errors.New("responder's certificate is out of date")
	case hasExtension(responder.Extensions, oidNoCheck):
		return nil
	}
	// Who answers for revocations must not be revoked itself. A responder is
	// not asked about responders: that would have no end.
	if found, _ := c.fromFiles(responder, issuer); found == good {
		return nil
	}
	return errors.New("nothing says that the responder's certificate is not revoked")
}

// isAbout reports whether an answer names the issuer of cert. The library
// compares the serial number alone, which another authority may have given too.
func isAbout(response *ocsp.Response, cert, issuer *x509.Certificate) bool {
	question, err := ocsp.CreateRequest(cert, issuer, &ocsp.RequestOptions{Hash: response.IssuerHash})
	if err != nil {
		return false
	}
	asked, err := ocsp.ParseRequest(question)
	return err == nil && bytes.Contains(response.TBSResponseData, asked.IssuerNameHash) && bytes.Contains(response.TBSResponseData, asked.IssuerKeyHash)
}
