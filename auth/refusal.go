package auth

import (
	"crypto/tls"
	"errors"
	"fmt"

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
	ReasonIDToken       Reason = "id-token"       // absent, malformed, or not signed by the provider
	ReasonNonce         Reason = "nonce"          // the ID token answers another request
	ReasonACR           Reason = "acr"            // below the level asked for
	ReasonTime          Reason = "time"           // expired, issued at another time, or signed in too long ago
	ReasonAudience      Reason = "audience"       // not for us, or not for us alone
	ReasonUserinfo      Reason = "userinfo"       // absent, malformed, or not the provider's
	ReasonSubject       Reason = "subject"        // about another person, or without a usable identifier
	ReasonTraits        Reason = "traits"         // required traits absent or malformed
	ReasonProviderError Reason = "provider-error" // the provider reports an error
	ReasonProviderDown  Reason = "provider-down"  // the provider does not answer

	ReasonProviderCertificate Reason = "provider-certificate" // the provider's certificate is not accepted (AA3)
)

// Reasons are all of them.
var Reasons = []Reason{ReasonDenied, ReasonNoAttempt, ReasonState, ReasonIssuer, ReasonExchange, ReasonIDToken, ReasonNonce, ReasonACR, ReasonTime,
	ReasonAudience, ReasonUserinfo, ReasonSubject, ReasonTraits, ReasonProviderError, ReasonProviderDown}

// Refusal is a sign-in that failed. Its chain holds the [fault.Error] that says
// what to answer: Unavailable when the provider is down, else Unauthenticated.
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
	if reason == ReasonProviderDown || reason == ReasonProviderCertificate {
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
	if isDown(err) {
		return refuse(ReasonProviderDown, text+": provider unreachable")
	}
	return refuse(reason, text)
}
