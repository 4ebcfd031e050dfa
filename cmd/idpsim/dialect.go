package main

import (
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/auth/mischief"
	"guichet/configs"
)

// claims are what a token or a userinfo says.
type claims = mischief.Claims

// dialect is how one provider differs from the other.
type dialect interface {
	profile() profile
	// check says what is wrong with an authorization request of a known client
	// to a known address.
	check(q url.Values, c *client) error
	// level is the one that a sound request gets.
	level(q url.Values, c *client) string
	// subject is the sub of a person for a client.
	subject(p configs.IDPPerson, clientID string) string
	// describe adds to an ID token what only this provider says.
	describe(id claims, g grant, accessToken string)
	// userinfo are the claims about a person that the scopes allow.
	userinfo(p configs.IDPPerson, scopes []string) claims
}

// profile is what can be said of a provider without a request.
type profile struct {
	name           string // in configuration and in the path
	label          string
	algorithm      jose.SignatureAlgorithm
	endSessionPath string
	tokenLife      time.Duration
	scopes         []string // that may be asked for
	parameters     []string // of an authorization request that mean something
	takesBasic     bool     // a client may authenticate in a header
	namesItself    bool     // the callback carries iss (RFC 9207)
	signsUserinfo  bool     // userinfo is a signed token
	discoveryPath  string
	ways           mischief.Way // in which it can misbehave
}

// A pageError is shown to the person: the relying party cannot be trusted with
// it. Its code is the provider's own.
type pageError struct{ code, text string }

func (e *pageError) Error() string { return e.code }

// A callbackError goes back to the relying party (RFC 6749 section 4.1.2.1).
type callbackError struct{ code, text string }

func (e *callbackError) Error() string { return e.code }
