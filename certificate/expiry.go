package certificate

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

const day = 24 * time.Hour

// lookout is how often the files are looked at.
const lookout = time.Hour

// term is when something runs out.
type term struct {
	use, subject string
	begins, ends time.Time
	list         bool // of revocations
}

// stage is how near an end is. Each is told once; an end that has come, daily.
type stage int

const (
	far stage = iota
	month
	week
	lastDay
	over
)

// stageAt counts days for a certificate. A list lives for days or hours, and a
// new one is due before the old one ends: its last quarter is late.
func (t term) stageAt(now time.Time) stage {
	left := t.ends.Sub(now)
	switch {
	case left <= 0:
		return over
	case t.list && left < t.ends.Sub(t.begins)/4:
		return lastDay
	case t.list:
		return far
	case left <= day:
		return lastDay
	case left <= 7*day:
		return week
	case left <= 30*day:
		return month
	}
	return far
}

// herald tells of ends to come.
type herald struct {
	log *slog.Logger

	mu   sync.Mutex // guards told
	told map[term]announced
}

type announced struct {
	stage stage
	at    time.Time
}

func (h *herald) tell(t term, now time.Time) {
	reached := t.stageAt(now)
	if reached == far || !h.first(t, reached, now) {
		return
	}
	what := "certificate"
	if t.list {
		what = "revocation list"
	}
	text := "alert: " + what + " runs out soon"
	if reached == over {
		text = "alert: " + what + " has run out"
	}
	h.log.Error(text, "use", t.use, "subject", t.subject, "ends", t.ends.UTC(), "days", int(t.ends.Sub(now)/day))
}

func (h *herald) first(t term, reached stage, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := h.told[t]
	if reached < last.stage || reached == last.stage && (reached != over || now.Sub(last.at) < day) {
		return false
	}
	if h.told == nil || len(h.told) >= maxHeld {
		h.told = map[term]announced{}
	}
	h.told[t] = announced{stage: reached, at: now}
	return true
}

// Watch looks at the certificates and lists of an installation.
type Watch struct {
	files   map[string]string // path by use
	now     func() time.Time
	expires func(string, time.Time)
	herald  herald
	report  reporter
}

// NewWatch returns a Watch of files, by the use each has: the name of its
// field in the configuration.
func NewWatch(files map[string]string, o Options) *Watch {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Expires == nil {
		o.Expires = func(string, time.Time) {}
	}
	return &Watch{files: files, now: o.Now, expires: o.Expires, herald: herald{log: o.Log}, report: reporter{log: o.Log, now: o.Now}}
}

// Run looks at once and each hour until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookout)
	defer ticker.Stop()
	for {
		w.look()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (w *Watch) look() {
	now := w.now()
	for _, use := range slices.Sorted(maps.Keys(w.files)) {
		terms, err := termsOf(use, w.files[use])
		if err != nil {
			if w.report.first(use) {
				w.report.log.Error("alert: certificate file cannot be read", "use", use, "error", err.Error())
			}
			continue
		}
		earliest := terms[0].ends
		for _, t := range terms {
			w.herald.tell(t, now)
			if t.ends.Before(earliest) {
				earliest = t.ends
			}
		}
		w.expires(use, earliest)
	}
}

// termsOf reads the ends of what is in a file: certificates, or lists.
func termsOf(use, path string) ([]term, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- the configuration names it
	if err != nil {
		return nil, err
	}
	var terms []term
	for rest := content; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: malformed certificate", path)
		}
		terms = append(terms, term{use: use, subject: nameOf(cert), begins: cert.NotBefore, ends: cert.NotAfter})
	}
	if len(terms) > 0 {
		return terms, nil
	}
	lists, err := parseLists(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, l := range lists {
		terms = append(terms, term{use: use, subject: l.signed.Issuer.CommonName, begins: l.signed.ThisUpdate, ends: l.signed.NextUpdate, list: true})
	}
	return terms, nil
}

// horizon follows when the certificates that peers show run out.
type horizon struct {
	use     string
	expires func(string, time.Time)
	herald  herald

	mu   sync.Mutex // guards seen
	seen map[term]time.Time
}

// note takes in a certificate that was shown. One that was not seen for a day
// was replaced, and counts no more.
func (h *horizon) note(cert *x509.Certificate, now time.Time) {
	t := term{use: h.use, subject: nameOf(cert), begins: cert.NotBefore, ends: cert.NotAfter}
	h.herald.tell(t, now)
	if h.expires == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen == nil || len(h.seen) >= maxHeld {
		h.seen = map[term]time.Time{}
	}
	h.seen[t] = now
	earliest := t.ends
	for other, last := range h.seen {
		switch {
		case now.Sub(last) > day:
			delete(h.seen, other)
		case other.ends.Before(earliest):
			earliest = other.ends
		}
	}
	h.expires(h.use, earliest)
}
