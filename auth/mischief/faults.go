package mischief

import (
	"maps"
	"slices"
)

// Fault names one thing that a provider does wrong. The zero value is none.
type Fault string

// What can be wrong in the answer that the browser carries.
const (
	WrongState   Fault = "wrong state"
	NoState      Fault = "no state"
	EmptyState   Fault = "empty state"
	TwoStates    Fault = "two states"
	ReusedState  Fault = "reused state"
	WrongIssuer  Fault = "wrong issuer parameter"
	EmptyIssuer  Fault = "empty issuer parameter"
	AccessDenied Fault = "access denied"
	InvalidScope Fault = "invalid scope"
	InvalidACR   Fault = "invalid acr"
	Unavailable  Fault = "temporarily unavailable"
	ErrorAndCode Fault = "error beside a code"
	NoCode       Fault = "no code"
	TwoCodes     Fault = "two codes"
	UnknownCode  Fault = "unknown code"
	ReusedCode   Fault = "reused code"
)

// What can be wrong in the ID token.
const (
	WrongNonce           Fault = "wrong nonce"
	NoNonce              Fault = "no nonce"
	ReusedNonce          Fault = "reused nonce"
	LowACR               Fault = "low acr"
	NoACR                Fault = "no acr"
	UnknownACR           Fault = "unknown acr"
	FutureIssued         Fault = "issued in the future"
	OldIssued            Fault = "issued long ago"
	NoIssued             Fault = "no issue time"
	Expired              Fault = "expired"
	NoExpiry             Fault = "no expiry"
	OldAuthTime          Fault = "signed in long ago"
	FutureAuthTime       Fault = "signed in in the future"
	NoAuthTime           Fault = "no sign-in time"
	WrongAudience        Fault = "wrong audience"
	SeveralAudiences     Fault = "several audiences"
	NoAudience           Fault = "no audience"
	WrongAuthorizedParty Fault = "wrong authorised party"
	WrongTokenIssuer     Fault = "wrong token issuer"
	NoTokenIssuer        Fault = "no token issuer"
	OtherProvider        Fault = "token of the other provider" // #nosec G101 -- the name of a fault
	NoSubject            Fault = "no subject"
	LongSubject          Fault = "long subject"
	WrongTokenHash       Fault = "wrong access token hash"
	AlgorithmNone        Fault = "algorithm none"
	PublicKeyAsSecret    Fault = "public key as secret" // #nosec G101 -- the name of a fault
	UnknownKey           Fault = "unknown key"
	RotatedKey           Fault = "rotated key" // nothing wrong: it must be accepted
	ForgedSignature      Fault = "forged signature"
	OtherAlgorithm       Fault = "algorithm not agreed"
	CriticalHeader       Fault = "critical header"
	JSONSerialisation    Fault = "JSON serialisation"
	NotAToken            Fault = "not a token"
	NoIDToken            Fault = "no ID token"
	MalformedClaims      Fault = "malformed claims"
)

// What can be wrong in how the ID token is encrypted, where that was agreed.
const (
	NotEncrypted         Fault = "not encrypted"
	EncryptedForAnother  Fault = "encrypted for another key"
	EncryptedForUnknown  Fault = "encrypted for a key of no name of ours"
	EncryptedOtherwise   Fault = "encrypted with another algorithm"
	EncryptedOtherCipher Fault = "encrypted with another cipher"
	EncryptedZipped      Fault = "encrypted and compressed"
	EncryptedCritical    Fault = "encrypted with a critical header"
	EncryptedAltered     Fault = "encrypted and altered"
	EncryptedJSON        Fault = "encrypted in the JSON serialisation"
	EncryptedTwice       Fault = "encrypted twice"
	EncryptedUnsigned    Fault = "encrypted and not signed"
	SignedOutside        Fault = "signed around the encryption"
)

// What can be wrong in the userinfo.
const (
	UserinfoOtherSubject  Fault = "userinfo of another subject"
	UserinfoNoSubject     Fault = "userinfo without subject"
	UserinfoWrongAudience Fault = "userinfo for another audience"
	UserinfoAudiences     Fault = "userinfo for several audiences"
	UserinfoNoAudience    Fault = "userinfo without audience"
	UserinfoWrongIssuer   Fault = "userinfo of another issuer"
	UserinfoExpired       Fault = "userinfo expired"
	UserinfoNoExpiry      Fault = "userinfo without expiry"
	UserinfoUnsigned      Fault = "userinfo unsigned"
	UserinfoNone          Fault = "userinfo with algorithm none"
	UserinfoUnknownKey    Fault = "userinfo by an unknown key"
	UserinfoNotEncrypted  Fault = "userinfo not encrypted"
	UserinfoForAnother    Fault = "userinfo encrypted for another key"
	UserinfoRefused       Fault = "userinfo refused"
	UserinfoHTML          Fault = "userinfo as HTML"
	UserinfoUntyped       Fault = "userinfo without media type"
	UserinfoMistyped      Fault = "userinfo of another media type"
)

// What can be missing of a person.
const (
	NoFamilyName Fault = "no family name"
	NoGivenName  Fault = "no given name"
	NoBirthdate  Fault = "no birth date"
	NoGender     Fault = "no gender"
	NoBirthplace Fault = "no place of birth"
	NoNationalID Fault = "no national identifier"
	NoProfession Fault = "no profession"
	MistypedName Fault = "name that is no text"
)

// How a provider can fail to answer.
const (
	TokenRefused     Fault = "token refused"
	TokenRedirected  Fault = "token endpoint redirects"
	TokenLoops       Fault = "token endpoint redirects in a loop"
	TokenNotBearer   Fault = "token of another type"
	TokenHuge        Fault = "token answer huge"
	TokenSlow        Fault = "token endpoint slow"
	TokenDown        Fault = "token endpoint down"
	TokenDropped     Fault = "token connection dropped"
	TokenTruncated   Fault = "token answer truncated"
	TokenBusy        Fault = "token endpoint busy"
	KeysHuge         Fault = "keys huge"
	KeysSlow         Fault = "keys slow"
	KeysDown         Fault = "keys down"
	KeysRedirected   Fault = "keys redirected"
	UserinfoHuge     Fault = "userinfo huge"
	UserinfoSlow     Fault = "userinfo slow"
	UserinfoDown     Fault = "userinfo down"
	UserinfoMoved    Fault = "userinfo redirected"
	UserinfoLoops    Fault = "userinfo redirects in a loop"
	DiscoveryLies    Fault = "discovery about another issuer"
	DiscoveryPlain   Fault = "discovery of a plain http endpoint"
	DiscoveryMoved   Fault = "discovery redirected"
	DiscoveryHuge    Fault = "discovery huge"
	DiscoveryDown    Fault = "discovery down"
	DiscoveryNothing Fault = "discovery without endpoints"
)

// Faults returns every fault, in a fixed order.
func Faults() []Fault { return slices.Sorted(maps.Keys(faults)) }

// Of returns what a fault changes; of one that is not known, and of the zero
// value, nothing.
func Of(f Fault) Misbehaviour { return faults[f] }
