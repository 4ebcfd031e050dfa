package certificate

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"guichet/configs"
)

// skew is by how much other people's clocks may be ahead of ours.
const skew = 5 * time.Minute

var (
	oidDeltaIndicator    = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidNoRevAvail        = asn1.ObjectIdentifier{2, 5, 29, 56}
)

func hasExtension(extensions []pkix.Extension, id asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(extensions, func(e pkix.Extension) bool { return e.Id.Equal(id) })
}

// list is a revocation list without what is not needed of it.
type list struct {
	signed  *x509.RevocationList // its entries left out
	serials map[string]struct{}
	scope   distribution

	mu       sync.Mutex // guards verified
	verified map[[sha256.Size]byte]error
}

// distribution is the extension IssuingDistributionPoint (RFC 5280, 5.2.5):
// of which certificates a list speaks.
type distribution struct {
	Point          distributionName `asn1:"optional,tag:0"`
	OnlyUsers      bool             `asn1:"optional,tag:1"`
	OnlyCAs        bool             `asn1:"optional,tag:2"`
	OnlyReasons    asn1.BitString   `asn1:"optional,tag:3"`
	Indirect       bool             `asn1:"optional,tag:4"`
	OnlyAttributes bool             `asn1:"optional,tag:5"`
}

type distributionName struct {
	FullName     []asn1.RawValue  `asn1:"optional,tag:0"`
	RelativeName pkix.RDNSequence `asn1:"optional,tag:1"`
}

// parseLists reads every list in content: one in DER, or any number in PEM.
func parseLists(content []byte) ([]*list, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(content), []byte("-----BEGIN")) {
		one, err := parseList(content)
		return []*list{one}, err
	}
	var all []*list
	for {
		var block *pem.Block
		block, content = pem.Decode(content)
		if block == nil {
			break
		}
		if block.Type != "X509 CRL" {
			continue
		}
		one, err := parseList(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("no revocation list in it")
	}
	return all, nil
}

// parseList refuses what it does not wholly understand: a critical extension
// that is not heeded could turn a list's meaning round (RFC 5280, 5.2).
func parseList(der []byte) (*list, error) {
	signed, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, errors.New("not a revocation list")
	}
	l := &list{signed: signed, serials: make(map[string]struct{}, len(signed.RevokedCertificateEntries)), verified: map[[sha256.Size]byte]error{}}
	if signed.NextUpdate.IsZero() {
		return nil, errors.New("revocation list without a next update")
	}
	if hasExtension(signed.Extensions, oidDeltaIndicator) {
		return nil, errors.New("revocation list holds changes only (delta), which is not supported")
	}
	for _, extension := range signed.Extensions {
		switch {
		case extension.Id.Equal(oidDistributionPoint):
			if rest, err := asn1.Unmarshal(extension.Value, &l.scope); err != nil || len(rest) > 0 {
				return nil, errors.New("revocation list with a malformed distribution point")
			}
		case extension.Critical:
			return nil, errors.New("revocation list with an unknown critical extension")
		}
	}
	if s := l.scope; s.Indirect || s.OnlyAttributes || s.OnlyReasons.BitLength > 0 || len(s.Point.RelativeName) > 0 {
		return nil, errors.New("revocation list is indirect or partial, which is not supported")
	}
	for _, entry := range signed.RevokedCertificateEntries {
		if slices.ContainsFunc(entry.Extensions, func(e pkix.Extension) bool { return e.Critical }) {
			return nil, errors.New("revocation list with an unknown critical extension of an entry")
		}
		l.serials[string(entry.SerialNumber.Bytes())] = struct{}{}
	}
	signed.RevokedCertificateEntries = nil
	//lint:ignore SA1019 the old name holds the memory too
	signed.RevokedCertificates = nil
	return l, nil
}

// speaksOf reports whether a certificate is among those the list is about.
func (l *list) speaksOf(cert *x509.Certificate) bool {
	if l.scope.OnlyUsers && cert.IsCA || l.scope.OnlyCAs && !cert.IsCA {
		return false
	}
	if len(l.scope.Point.FullName) == 0 {
		return true
	}
	return slices.ContainsFunc(l.scope.Point.FullName, func(name asn1.RawValue) bool {
		const uri = 6 // RFC 5280, GeneralName
		return name.Class == asn1.ClassContextSpecific && name.Tag == uri && slices.Contains(cert.CRLDistributionPoints, string(name.Bytes))
	})
}

// signedBy says whether the issuer, and no other authority of the same name,
// signed the list, and might. What was found is remembered: hashing a large
// list at each handshake would be a burden.
func (l *list) signedBy(issuer *x509.Certificate) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := sha256.Sum256(issuer.Raw)
	found, known := l.verified[id]
	if !known {
		found = l.checkSignature(issuer)
		if len(l.verified) < maxHeld {
			l.verified[id] = found
		}
	}
	return found
}

func (l *list) checkSignature(issuer *x509.Certificate) error {
	switch {
	case !bytes.Equal(l.signed.RawIssuer, issuer.RawSubject):
		return errors.New("revocation list is another authority's")
	case weak(l.signed.SignatureAlgorithm):
		return errors.New("revocation list is signed with a weak algorithm")
	case l.signed.CheckSignatureFrom(issuer) != nil:
		return errors.New("revocation list is not signed by the issuer, or it may not sign lists")
	}
	return nil
}

// weak names the signatures that crypto/x509 still accepts here for the sake
// of old lists.
func weak(algorithm x509.SignatureAlgorithm) bool {
	switch algorithm {
	case x509.UnknownSignatureAlgorithm, x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.MD5WithRSA, x509.MD2WithRSA:
		return true
	}
	return false
}

// ask says what the list knows of a certificate of this issuer.
func (l *list) ask(cert, issuer *x509.Certificate, now time.Time, grace time.Duration) (found status, overdue bool, err error) {
	if err := l.signedBy(issuer); err != nil {
		return unknown, false, err
	}
	if !l.speaksOf(cert) {
		return unknown, false, errors.New("revocation list is not about this certificate")
	}
	if l.signed.ThisUpdate.After(now.Add(skew)) {
		return unknown, false, errors.New("revocation list is of the future")
	}
	if _, held := l.serials[string(cert.SerialNumber.Bytes())]; held {
		return revoked, false, nil
	}
	if now.After(l.signed.NextUpdate.Add(grace)) {
		return unknown, false, fmt.Errorf("revocation list has run out on %s", l.signed.NextUpdate.UTC().Format(time.DateTime))
	}
	return good, now.After(l.signed.NextUpdate), nil
}

// consult asks a list, and tells when it serves beyond its time.
func (c *Checker) consult(l *list, source string, cert, issuer *x509.Certificate) (status, error) {
	found, overdue, err := l.ask(cert, issuer, c.now(), c.grace)
	if overdue {
		c.report.overdue(c.peer, source, l.signed.NextUpdate)
	}
	return found, err
}

// listFiles are the lists that this installation was given: the only ones
// where a hospital has no way out.
type listFiles struct {
	paths []string
	configs.Watched[[]filedList]

	mu     sync.Mutex // guards newest
	newest map[string]*list
}

// latest returns the newest list that the issuer signed of those that were here
// since the start, about the same certificates: an older file that is put back
// would undo a revocation.
func (f *listFiles) latest(l *list, issuer *x509.Certificate, now time.Time) *list {
	if l.signedBy(issuer) != nil || l.signed.ThisUpdate.After(now.Add(skew)) {
		return l // asking it says why not
	}
	id := sha256.Sum256(issuer.Raw)
	about := string(id[:])
	for _, extension := range l.signed.Extensions {
		if extension.Id.Equal(oidDistributionPoint) {
			about += string(extension.Value)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if held := f.newest[about]; held != nil && l.signed.ThisUpdate.Before(held.signed.ThisUpdate) {
		return held
	}
	if f.newest == nil {
		f.newest = make(map[string]*list)
	}
	f.newest[about] = l
	return l
}

type filedList struct {
	path string
	*list
}

func (f *listFiles) current() ([]filedList, error) {
	if len(f.paths) == 0 {
		return nil, nil
	}
	all, err := f.Get(f.paths, f.read)
	if err != nil {
		return nil, err
	}
	return *all, nil
}

func (f *listFiles) read() (*[]filedList, error) {
	var all []filedList
	for _, path := range f.paths {
		lists, err := readLists(path)
		if err != nil {
			return nil, err
		}
		for _, one := range lists {
			all = append(all, filedList{path: path, list: one})
		}
	}
	return &all, nil
}

func readLists(path string) ([]*list, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- the configuration names it
	if err != nil {
		return nil, fmt.Errorf("read revocation list: %w", err)
	}
	lists, err := parseLists(content)
	if err != nil {
		return nil, fmt.Errorf("read revocation list %s: %w", path, err)
	}
	return lists, nil
}

// fromFiles asks the lists of the certificate's issuer; others have nothing
// to say, not even a reason.
func (c *Checker) fromFiles(cert, issuer *x509.Certificate) (status, error) {
	all, err := c.files.current()
	if err != nil {
		return unknown, err
	}
	known := unknown
	var causes []error
	for _, l := range all {
		if !bytes.Equal(l.signed.RawIssuer, issuer.RawSubject) {
			continue
		}
		found, err := c.consult(c.files.latest(l.list, issuer, c.now()), l.path, cert, issuer)
		if found == revoked {
			return revoked, nil
		}
		known = max(known, found)
		causes = append(causes, err)
	}
	return known, errors.Join(causes...)
}
