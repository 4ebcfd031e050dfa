package main

import (
	"net/http"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth/mischief"
)

// maxRetired bounds the keys that were rotated out.
const maxRetired = 16

// ordered is what faults leave behind in a provider: keys that were rotated, and
// the sign-in that the next one may replay.
type ordered struct {
	mu      sync.Mutex // guards what follows
	signer  mischief.Signer
	retired []jose.JSONWebKey // ID tokens come back at sign-out, long after
	keys    http.HandlerFunc  // answers in place of the keys, until the next sign-in
	state   string            // of the last sign-in
	nonce   string
}

// begin notes a sign-in, gives it what its fault wants of the one before, and
// returns the state of that.
func (o *ordered) begin(g *grant, state string) (before string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before = o.state
	nonce := g.nonce
	if g.fault.ReplaysNonce {
		g.nonce = o.nonce
	}
	o.state, o.nonce, o.keys = state, nonce, g.fault.Keys
	// Who has the keys already asks for none: new ones are needed for a fault of
	// theirs to be seen.
	if g.fault.Rotates || g.fault.Keys != nil {
		err = o.rotate()
	}
	return before, err
}

func (o *ordered) rotate() error {
	fresh, err := o.signer.Rotated()
	if err != nil {
		return err
	}
	o.retired = append(o.retired, o.signer.Published().Keys[0])
	o.retired = o.retired[max(0, len(o.retired)-maxRetired):]
	o.signer = fresh
	return nil
}

func (o *ordered) keyring() mischief.Signer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.signer
}

func (o *ordered) keysAnswer() http.HandlerFunc {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keys
}

// verify returns what a token of ours says, also one signed by a retired key.
func (o *ordered) verify(jws *jose.JSONWebSignature) ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range append([]jose.JSONWebKey{o.signer.Published().Keys[0]}, o.retired...) {
		if payload, err := jws.Verify(key); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// faultGroup is some faults of one kind, as the form offers them.
type faultGroup struct {
	Label  string
	Faults []namedFault
}

type namedFault struct {
	Fault mischief.Fault
	Text  string
}

// waysFor is how the provider can misbehave towards a client.
func (p *provider) waysFor(c *client) mischief.Way {
	if c.isPlus() {
		return p.profile.ways | mischief.Encrypts
	}
	return p.profile.ways
}

// canPlay reports whether a fault, or none, can be ordered.
func (p *provider) canPlay(c *client, f mischief.Fault) bool {
	if f == "" {
		return true
	}
	for _, group := range p.playable(c) {
		for _, known := range group.Faults {
			if known.Fault == f {
				return true
			}
		}
	}
	return false
}

// playable are the faults that can be ordered for a client.
func (p *provider) playable(c *client) []faultGroup {
	var groups []faultGroup
	for _, group := range faultGroups {
		fitting := faultGroup{Label: group.Label}
		for _, f := range group.Faults {
			if mischief.Of(f.Fault).Fits(p.waysFor(c)) {
				fitting.Faults = append(fitting.Faults, f)
			}
		}
		if len(fitting.Faults) > 0 {
			groups = append(groups, fitting)
		}
	}
	return groups
}
