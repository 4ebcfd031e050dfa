package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"guichet/configs"
)

// patience bounds what one handshake waits for lists and responders. What is
// slower comes in all the same, for the next handshake.
const patience = 3 * time.Second

// Options are what a Checker is made of besides its settings.
type Options struct {
	Log *slog.Logger
	Now func() time.Time // nil means time.Now

	Checked func(peer, outcome string)       // counts; may be nil
	Expires func(use string, when time.Time) // of the certificate of that use which runs out first; may be nil
}

// Checker checks the certificates of one kind of peer. It is safe for
// concurrent use.
type Checker struct {
	peer   string // as the log and the figures name it
	accept bool   // what nobody knows anything about
	grace  time.Duration
	wait   time.Duration // for lists and responders, of one handshake
	now    func() time.Time

	files     listFiles
	lists     *kept[list]   // fetched, by address and issuer
	responses *kept[answer] // of OCSP responders, by certificate
	recent    verdicts
	met       horizon
	report    reporter
}

// NewChecker reads the lists that lie in files. One that cannot be read stops
// the start; one that has run out is told of.
func NewChecker(peer string, settings configs.Revocation, o Options) (*Checker, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Checker{
		peer: peer, accept: settings.WhenUnknown == configs.AcceptAndAlert, grace: settings.Grace, wait: patience, now: o.Now,
		files: listFiles{paths: settings.CRLFiles}, lists: newKept[list](o.Now), responses: newKept[answer](o.Now),
		report: reporter{log: o.Log, now: o.Now, checked: o.Checked}, met: horizon{use: "peer." + peer, expires: o.Expires, herald: herald{log: o.Log}},
	}
	if _, err := c.files.current(); err != nil {
		return nil, fmt.Errorf("configure revocation of %s: %w", peer, err)
	}
	return c, nil
}

// Wrap returns a copy of config whose handshakes end with the check. It is
// asked on resumed connections too, which crypto/tls does not verify again.
func (c *Checker) Wrap(config *tls.Config) *tls.Config {
	wrapped := config.Clone()
	before := config.VerifyConnection
	wrapped.VerifyConnection = func(state tls.ConnectionState) error {
		if before != nil {
			if err := before(state); err != nil {
				return err
			}
		}
		return c.Verify(state)
	}
	if choose := config.GetConfigForClient; choose != nil {
		wrapped.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			chosen, err := choose(hello)
			if err != nil || chosen == nil {
				return chosen, err
			}
			return c.Wrap(chosen), nil
		}
	}
	return wrapped
}

// Verify checks the chain that a peer was verified by. Its error is of the kind
// that crypto/tls gives for a chain that it does not trust itself, so that who
// connects needs to know one kind only; in it is a [*Refused].
func (c *Checker) Verify(state tls.ConnectionState) error {
	refused := c.judge(state)
	if refused == nil {
		c.met.note(state.PeerCertificates[0], c.now())
		return nil
	}
	c.report.refused(refused)
	return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: refused}
}

// judge returns nil when one of the chains holds.
func (c *Checker) judge(state tls.ConnectionState) *Refused {
	if len(state.VerifiedChains) == 0 || len(state.PeerCertificates) == 0 {
		return &Refused{Peer: c.peer, Cause: Unverified}
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.wait)
	defer cancel()
	var worst *Refused
	for _, chain := range state.VerifiedChains {
		refused := c.judgeChain(ctx, chain, state.OCSPResponse)
		if refused == nil {
			return nil
		}
		if worst == nil || refused.Cause == Revoked {
			worst = refused
		}
	}
	return worst
}

// judgeChain looks at every certificate below the chain's root. A root has no
// issuer who could revoke it: it is trusted by the file it stands in.
func (c *Checker) judgeChain(ctx context.Context, chain []*x509.Certificate, stapled []byte) *Refused {
	now := c.now()
	for i, cert := range chain {
		if now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
			return c.refuse(cert, OutOfDate, errors.New("not valid at this time"))
		}
		if i == len(chain)-1 {
			break
		}
		if i > 0 {
			stapled = nil // it speaks of the peer's own certificate
		}
		if refused := c.judgeOne(ctx, cert, chain[i+1], stapled); refused != nil {
			return refused
		}
	}
	c.report.counted(c.peer, "good")
	return nil
}

func (c *Checker) judgeOne(ctx context.Context, cert, issuer *x509.Certificate, stapled []byte) *Refused {
	if neverRevoked(cert) {
		return nil
	}
	status, err := c.status(ctx, cert, issuer, stapled)
	switch {
	case status == revoked:
		return c.refuse(cert, Revoked, nil)
	case status == good:
		return nil
	}
	refused := c.refuse(cert, Unknown, err)
	if c.accept {
		c.report.accepted(refused)
		return nil
	}
	return refused
}

func (c *Checker) refuse(cert *x509.Certificate, cause Cause, err error) *Refused {
	return &Refused{Peer: c.peer, Subject: nameOf(cert), Cause: cause, Err: err}
}

// status is what is known of a certificate.
type status int

const (
	unknown status = iota
	good
	revoked
)

// status asks one source after the other. What a list or an answer that has
// run out says of a revocation still holds; what it does not say does not.
func (c *Checker) status(ctx context.Context, cert, issuer *x509.Certificate, stapled []byte) (status, error) {
	var causes []error
	known := unknown
	for _, ask := range []func() (status, error){
		func() (status, error) { return c.fromFiles(cert, issuer) },
		func() (status, error) { return c.fromStaple(cert, issuer, stapled) },
	} {
		found, err := ask() // both: they cost nothing
		if found == revoked {
			return revoked, nil
		}
		known = max(known, found)
		causes = append(causes, err)
	}
	if known == good {
		return good, nil
	}
	for _, ask := range []func() (status, error){
		func() (status, error) { return c.fromPoints(ctx, cert, issuer) },
		func() (status, error) { return c.fromResponder(ctx, cert, issuer) },
	} {
		found, err := ask()
		if found != unknown {
			return found, nil
		}
		causes = append(causes, err)
	}
	if err := errors.Join(causes...); err != nil {
		return unknown, err
	}
	return unknown, errNoSource
}

var errNoSource = errors.New("it names neither a list nor a responder, and no file holds a list of its issuer")

// shortLived is the life of a certificate that may go without revocation.
const shortLived = 7 * 24 * time.Hour

// neverRevoked reports whether the issuer says that it will never tell of a
// revocation (RFC 9608), which is heeded where the certificate does not outlive
// a list by much.
func neverRevoked(cert *x509.Certificate) bool {
	return !cert.IsCA && hasExtension(cert.Extensions, oidNoRevAvail) && cert.NotAfter.Sub(cert.NotBefore) <= shortLived
}
