package auth

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// discoveryLife is how long a discovery document is believed.
const discoveryLife = time.Hour

// endpoints are the addresses of a provider that we call or send people to.
type endpoints struct{ authorization, token, userinfo, jwks string }

// complete reports whether none is missing.
func (e endpoints) complete() bool {
	return e.authorization != "" && e.token != "" && e.userinfo != "" && e.jwks != ""
}

// over puts the addresses that e has in place of other's.
func (e endpoints) over(other endpoints) endpoints {
	for _, field := range []struct{ to, from *string }{
		{&other.authorization, &e.authorization}, {&other.token, &e.token}, {&other.userinfo, &e.userinfo}, {&other.jwks, &e.jwks},
	} {
		if *field.from != "" {
			*field.to = *field.from
		}
	}
	return other
}

var errDiscovery = errors.New("the discovery document is not this provider's, or lacks an https endpoint")

// directory knows a provider's endpoints: those that configuration gives, and
// for the others what the provider's discovery document says. It is read at the
// first sign-in, not at start: a provider that is away keeps nobody else out.
type directory struct {
	given   endpoints
	address string // of the document; empty where all is given
	issuer  string
	client  *http.Client
	now     func() time.Time

	mu    sync.Mutex // guards what follows; held while the document is read
	found endpoints
	read  time.Time
	tried time.Time
}

// endpoints returns the addresses. A document that cannot be had, or is not
// the provider's, leaves what an earlier one said.
func (d *directory) endpoints(ctx context.Context) (endpoints, *Refusal) {
	if d.address == "" {
		return d.given, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	if d.found.complete() && (now.Sub(d.read) < discoveryLife || now.Sub(d.tried) < time.Minute) {
		return d.found, nil
	}
	d.tried = now
	found, err := d.discover(context.WithoutCancel(ctx))
	if err == nil {
		d.found, d.read = found, now
	}
	if d.found.complete() {
		return d.found, nil
	}
	return endpoints{}, refuseCall(ReasonDiscovery, err, "discover provider")
}

// discover reads the document. It must name the issuer that configuration does
// (OpenID Connect Discovery 4.3): else whoever answers there could bring in
// keys and endpoints of their own.
func (d *directory) discover(ctx context.Context) (endpoints, error) {
	var document struct {
		Issuer        string `json:"issuer"`
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
		Userinfo      string `json:"userinfo_endpoint"`
		JWKS          string `json:"jwks_uri"`
	}
	if err := getJSON(ctx, d.client, d.address, &document); err != nil {
		return endpoints{}, err
	}
	e := d.given.over(endpoints{document.Authorization, document.Token, document.Userinfo, document.JWKS})
	if document.Issuer != d.issuer || !isHTTPS(e.authorization) || !isHTTPS(e.token) || !isHTTPS(e.userinfo) || !isHTTPS(e.jwks) {
		return endpoints{}, errDiscovery
	}
	return e, nil
}
