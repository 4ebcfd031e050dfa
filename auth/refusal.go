package auth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"guichet/fault"
)

// Reason says why a sign-in was refused, in the words that traces use (AA7.a).
type Reason string

const (
	ReasonDenied        Reason = "denied"         // the person gave up at the provider
	ReasonNoAttempt     Reason = "no-attempt"     // this browser began no sign-in here, or too long ago
	ReasonState         Reason = "state"          // the answer is not to this attempt
	ReasonIssuer        Reason = "issuer"         // the answer names another provider
	ReasonExchange      Reason = "exchange"       // the code was not accepted
	ReasonIDToken       Reason = "id-token"       // absent or malformed
	ReasonPlain         Reason = "plain"          // not encrypted where that was agreed
	ReasonEncryption    Reason = "encryption"     // not encrypted for us, or otherwise than agreed
	ReasonAlgorithm     Reason = "algorithm"      // signed with another algorithm than agreed, or none
	ReasonUnknownKey    Reason = "unknown-key"    // signed by a key that the provider does not publish
	ReasonSignature     Reason = "signature"      // not signed by the key it names
	ReasonTokenIssuer   Reason = "token-issuer"   // of another provider
	ReasonNonce         Reason = "nonce"          // the ID token answers another request
	ReasonACR           Reason = "acr"            // below the level asked for
	ReasonExpired       Reason = "expired"        // no longer valid
	ReasonTime          Reason = "time"           // issued at another time, or signed in too long ago
	ReasonAudience      Reason = "audience"       // not for us, or not for us alone
	ReasonUserinfo      Reason = "userinfo"       // absent, malformed, or unsigned where that was agreed
	ReasonSubject       Reason = "subject"        // about another person, or without a usable identifier
	ReasonTraits        Reason = "traits"         // required traits absent or malformed
	ReasonProviderError Reason = "provider-error" // the provider reports an error
	ReasonProviderDown  Reason = "provider-down"  // the provider does not answer
	ReasonProviderSlow  Reason = "provider-slow"  // the provider does not answer in time
	ReasonRedirected    Reason = "redirected"     // the provider sends a call of ours elsewhere
	ReasonTooLarge      Reason = "too-large"      // the provider's answer is larger than any real one
	ReasonKeys          Reason = "keys"           // the provider's keys cannot be read
	ReasonDiscovery     Reason = "discovery"      // the provider's discovery document is not its own

	ReasonProviderCertificate Reason = "provider-certificate" // the provider's certificate is not accepted (AA3)

	ReasonEmbedded Reason = "embedded" // another site's page fetched the answer; the portal says so before it is read
)

// Reasons are all of them; refuse_sign_in takes no other.
var Reasons = []Reason{
	ReasonDenied, ReasonNoAttempt, ReasonState, ReasonIssuer, ReasonExchange, ReasonIDToken, ReasonPlain, ReasonEncryption, ReasonAlgorithm,
	ReasonUnknownKey, ReasonSignature, ReasonTokenIssuer, ReasonNonce, ReasonACR, ReasonExpired, ReasonTime, ReasonAudience, ReasonUserinfo,
	ReasonSubject, ReasonTraits, ReasonProviderError, ReasonProviderDown, ReasonProviderSlow, ReasonRedirected, ReasonTooLarge, ReasonKeys,
	ReasonDiscovery, ReasonProviderCertificate, ReasonEmbedded,
}

// troubles are the provider's own, which say nothing about the person.
var troubles = []Reason{ReasonProviderDown, ReasonProviderSlow, ReasonRedirected, ReasonTooLarge, ReasonKeys, ReasonDiscovery, ReasonProviderCertificate}

// Refusal is a sign-in that failed. Its chain holds the [fault.Error] that says
// what to answer: Unavailable when the provider is in trouble, else Unauthenticated.
// Its text names the check that failed and no value.
type Refusal struct {
	Reason Reason
	Err    error
}

func (r *Refusal) Error() string { return fmt.Sprintf("refuse sign-in (%s): %v", r.Reason, r.Err) }

func (r *Refusal) Unwrap() error { return r.Err }

// refuse makes a Refusal. Its text is ours: errors of libraries quote what they
// read, so none is ever wrapped.
func refuse(reason Reason, text string) *Refusal {
	kind := fault.Unauthenticated
	if slices.Contains(troubles, reason) {
		kind = fault.Unavailable
	}
	return &Refusal{Reason: reason, Err: fault.New(kind, errors.New(text))}
}

// refuseCall makes a Refusal of a failed call to the provider: its absence, and
// a certificate that proves nothing, are told from a bad answer.
func refuseCall(reason Reason, err error, text string) *Refusal {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return refuse(ReasonProviderCertificate, text+": provider's certificate not accepted")
	}
	switch {
	case errors.Is(err, errRedirected):
		return refuse(ReasonRedirected, text+": provider redirects")
	case errors.Is(err, errTooLarge):
		return refuse(ReasonTooLarge, text+": answer too large")
	case errors.Is(err, context.DeadlineExceeded):
		return refuse(ReasonProviderSlow, text+": provider does not answer in time")
	case isDown(err):
		return refuse(ReasonProviderDown, text+": provider unreachable")
	}
	return refuse(reason, text)
}
