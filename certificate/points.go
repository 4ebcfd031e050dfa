package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// fromPoints asks the lists that the certificate names.
func (c *Checker) fromPoints(ctx context.Context, cert, issuer *x509.Certificate) (status, error) {
	var causes []error
	for i, address := range cert.CRLDistributionPoints {
		if i == maxSources {
			break
		}
		l, err := c.listAt(ctx, address, issuer)
		if l == nil {
			causes = append(causes, fmt.Errorf("list: %w", err))
			continue
		}
		found, asked := c.consult(l, address, cert, issuer)
		if found != unknown {
			return found, nil
		}
		causes = append(causes, asked, err)
	}
	return unknown, errors.Join(causes...)
}

// listAt returns the list at an address, which the issuer signed. A list older
// than the one that is held is somebody's attempt to undo a revocation.
func (c *Checker) listAt(ctx context.Context, address string, issuer *x509.Certificate) (*list, error) {
	id := sha256.Sum256(issuer.Raw)
	usable := func(l *list) bool { return c.now().Before(l.signed.NextUpdate) }
	return c.lists.get(ctx, address+"\x00"+string(id[:]), usable, func(ctx context.Context, held *list) (*list, time.Time, error) {
		content, err := fetch(ctx, address, nil, maxList)
		if err != nil {
			return nil, time.Time{}, err
		}
		lists, err := parseLists(content)
		if err != nil {
			return nil, time.Time{}, err
		}
		l := lists[0]
		if err := l.signedBy(issuer); err != nil {
			return nil, time.Time{}, err
		}
		if held != nil && l.signed.ThisUpdate.Before(held.signed.ThisUpdate) {
			return nil, time.Time{}, errors.New("revocation list is older than the one before")
		}
		return l, l.signed.NextUpdate, nil
	})
}
