package certificate

import (
	"crypto/x509"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Cause says why a certificate is refused, in the words of the log and figures.
type Cause string

const (
	Revoked    Cause = "revoked"     // its issuer took it back
	Unknown    Cause = "unknown"     // nobody could say whether it was
	OutOfDate  Cause = "out-of-date" // it, or one above it, has run out or has not begun
	Unverified Cause = "unverified"  // no chain to a trusted authority
)

// Refused is a certificate that was not accepted. Its text holds the common
// name of a system, and nothing a peer could write without its authority.
type Refused struct {
	Peer    string
	Subject string
	Cause   Cause
	Err     error // what was tried; may be nil
}

func (r *Refused) Error() string {
	text := "certificate of " + r.Peer + " " + string(r.Cause)
	if r.Err != nil {
		text += ": " + strings.ReplaceAll(r.Err.Error(), "\n", "; ")
	}
	return text
}

func (r *Refused) Unwrap() error { return r.Err }

// nameOf is what the log calls a system.
func nameOf(cert *x509.Certificate) string {
	if cert.Subject.CommonName != "" {
		return cert.Subject.CommonName
	}
	return "serial " + cert.SerialNumber.Text(16)
}

// again is when something that lasts is logged once more.
const again = time.Hour

// maxHeld bounds every memory of this package that grows with its peers. They
// are as many as an authority of ours made certificates, so that it is ample.
const maxHeld = 1024

// reporter counts everything, and logs a thing that lasts once an hour.
type reporter struct {
	log     *slog.Logger
	now     func() time.Time
	checked func(peer, outcome string)

	mu   sync.Mutex // guards told
	told map[string]time.Time
}

func (r *reporter) counted(peer, outcome string) {
	if r.checked != nil {
		r.checked(peer, outcome)
	}
}

func (r *reporter) refused(refused *Refused) {
	r.counted(refused.Peer, string(refused.Cause))
	if r.first(refused.Peer + " " + refused.Subject + " " + string(refused.Cause)) {
		r.log.Error("alert: certificate refused", "peer", refused.Peer, "subject", refused.Subject, "cause", string(refused.Cause), "error", refused.Error())
	}
}

func (r *reporter) accepted(refused *Refused) {
	r.counted(refused.Peer, "accepted-unknown")
	if r.first(refused.Peer + " " + refused.Subject + " accepted") {
		r.log.Error("alert: certificate accepted without knowing whether it is revoked", "peer", refused.Peer, "subject", refused.Subject, "error", refused.Error())
	}
}

// overdue tells of a list that serves in its days of grace.
func (r *reporter) overdue(peer, source string, due time.Time) {
	if r.first(peer + " " + source + " overdue") {
		r.log.Error("alert: revocation list is overdue, and serves for a while still", "peer", peer, "list", source, "due", due)
	}
}

// first reports whether something was not told in the last hour.
func (r *reporter) first(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if last, told := r.told[what]; told && now.Sub(last) < again && !now.Before(last) {
		return false
	}
	if r.told == nil || len(r.told) >= maxHeld {
		r.told = map[string]time.Time{}
	}
	r.told[what] = now
	return true
}
