package mischief

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Claims are what a token or a userinfo says.
type Claims = map[string]any

// Way is something that not every provider does, and without which a fault
// makes no sense.
type Way uint8

// The ways of providers.
const (
	SignsUserinfo Way = 1 << iota
	Encrypts
	KnowsPatients
	KnowsProfessionals
	IsDiscovered
)

// Misbehaviour is what a fault changes; whatever is not set stays right.
type Misbehaviour struct {
	Needs              Way
	Harmless           bool // not wrong, only rare: it must be accepted
	Callback           func(url.Values)
	ReplaysState       bool // of the sign-in before
	ReplaysNonce       bool
	SpendsCode         bool // before the relying party can
	Rotates            bool // the provider's keys
	Tokens             func(Claims)
	IDToken            func(Claims)
	Signature          Signature
	Encryption         Encryption
	UserinfoClaims     func(Claims)
	UserinfoSignature  Signature
	UserinfoEncryption Encryption
	UserinfoPlain      bool
	UserinfoType       string
	Token, Userinfo    http.HandlerFunc // answer instead
	Keys               http.HandlerFunc // answer instead, until the next sign-in begins
	Discovery          http.HandlerFunc // answers instead
	Discovered         func(Claims)
}

// Fits reports whether a provider of these ways can misbehave so.
func (m Misbehaviour) Fits(ways Way) bool { return m.Needs&ways == m.Needs }

const elsewhere = "https://elsewhere.test"

var faults = map[Fault]Misbehaviour{
	WrongState:   {Callback: func(q url.Values) { q.Set("state", strings.Repeat("x", 43)) }},
	NoState:      {Callback: func(q url.Values) { q.Del("state") }},
	EmptyState:   {Callback: func(q url.Values) { q.Set("state", "") }},
	TwoStates:    {Callback: func(q url.Values) { q.Add("state", "second") }},
	ReusedState:  {ReplaysState: true},
	WrongIssuer:  {Callback: func(q url.Values) { q.Set("iss", elsewhere) }},
	EmptyIssuer:  {Callback: func(q url.Values) { q.Set("iss", "") }},
	AccessDenied: {Callback: failWith("access_denied")},
	InvalidScope: {Callback: failWith("invalid_scope")},
	InvalidACR:   {Callback: failWith("invalid_acr")},
	Unavailable:  {Callback: failWith("temporarily_unavailable")},
	ErrorAndCode: {Callback: func(q url.Values) { q.Set("error", "server_error") }},
	NoCode:       {Callback: func(q url.Values) { q.Del("code") }},
	TwoCodes:     {Callback: func(q url.Values) { q.Add("code", "second") }},
	UnknownCode:  {Callback: func(q url.Values) { q.Set("code", "unknown") }},
	ReusedCode:   {SpendsCode: true},

	WrongNonce:           {IDToken: set("nonce", strings.Repeat("x", 43))},
	NoNonce:              {IDToken: remove("nonce")},
	ReusedNonce:          {ReplaysNonce: true},
	LowACR:               {IDToken: lower},
	NoACR:                {IDToken: remove("acr")},
	UnknownACR:           {IDToken: set("acr", "urn:elsewhere:high")},
	FutureIssued:         {IDToken: shift("iat", 10*time.Minute)},
	OldIssued:            {IDToken: shift("iat", -10*time.Minute)},
	NoIssued:             {IDToken: remove("iat")},
	Expired:              {IDToken: shift("exp", -3*time.Minute)},
	NoExpiry:             {IDToken: remove("exp")},
	OldAuthTime:          {IDToken: shift("auth_time", -5*time.Hour)},
	FutureAuthTime:       {IDToken: shift("auth_time", 10*time.Minute)},
	NoAuthTime:           {IDToken: remove("auth_time")},
	WrongAudience:        {IDToken: set("aud", "elsewhere")},
	SeveralAudiences:     {IDToken: alsoFor("elsewhere")},
	NoAudience:           {IDToken: remove("aud")},
	WrongAuthorizedParty: {IDToken: set("azp", "elsewhere")},
	WrongTokenIssuer:     {IDToken: set("iss", elsewhere)},
	NoTokenIssuer:        {IDToken: remove("iss")},
	OtherProvider:        {IDToken: set("iss", elsewhere), Signature: SignedUnknown},
	NoSubject:            {IDToken: remove("sub"), UserinfoClaims: remove("sub")},
	LongSubject:          {IDToken: set("sub", strings.Repeat("s", 256)), UserinfoClaims: set("sub", strings.Repeat("s", 256))},
	WrongTokenHash:       {IDToken: set("at_hash", encode(make([]byte, 16)))},
	AlgorithmNone:        {Signature: SignedByNone},
	PublicKeyAsSecret:    {Signature: SignedBySecret},
	UnknownKey:           {Signature: SignedUnknown},
	RotatedKey:           {Rotates: true, Harmless: true},
	ForgedSignature:      {Signature: SignedForged},
	OtherAlgorithm:       {Signature: SignedOtherwise},
	CriticalHeader:       {Signature: SignedCritical},
	JSONSerialisation:    {Signature: SignedJSON},
	NotAToken:            {Signature: SignedNotAtAll},
	NoIDToken:            {Tokens: remove("id_token")},
	MalformedClaims:      {IDToken: set("auth_time", "yesterday")},

	NotEncrypted:         {Needs: Encrypts, Encryption: EncryptedNot},
	EncryptedForAnother:  {Needs: Encrypts, Encryption: ForAnother},
	EncryptedForUnknown:  {Needs: Encrypts, Encryption: ForUnknown},
	EncryptedOtherwise:   {Needs: Encrypts, Encryption: OtherAlgorithmOf},
	EncryptedOtherCipher: {Needs: Encrypts, Encryption: OtherCipher},
	EncryptedZipped:      {Needs: Encrypts, Encryption: Zipped},
	EncryptedCritical:    {Needs: Encrypts, Encryption: Critical},
	EncryptedAltered:     {Needs: Encrypts, Encryption: Altered},
	EncryptedJSON:        {Needs: Encrypts, Encryption: AsJSON},
	EncryptedTwice:       {Needs: Encrypts, Encryption: Twice},
	EncryptedUnsigned:    {Needs: Encrypts, Signature: SignedPlain},
	SignedOutside:        {Needs: Encrypts, Encryption: Inside},

	UserinfoOtherSubject:  {UserinfoClaims: set("sub", "somebody else")},
	UserinfoNoSubject:     {UserinfoClaims: remove("sub")},
	UserinfoWrongAudience: {Needs: SignsUserinfo, UserinfoClaims: set("aud", "elsewhere")},
	UserinfoAudiences:     {Needs: SignsUserinfo, UserinfoClaims: alsoFor("elsewhere")},
	UserinfoNoAudience:    {Needs: SignsUserinfo, UserinfoClaims: remove("aud")},
	UserinfoWrongIssuer:   {Needs: SignsUserinfo, UserinfoClaims: set("iss", elsewhere)},
	UserinfoExpired:       {Needs: SignsUserinfo, UserinfoClaims: shift("exp", -3*time.Minute)},
	UserinfoNoExpiry:      {Needs: SignsUserinfo, UserinfoClaims: remove("exp")},
	UserinfoUnsigned:      {Needs: SignsUserinfo, UserinfoPlain: true},
	UserinfoNone:          {Needs: SignsUserinfo, UserinfoSignature: SignedByNone},
	UserinfoUnknownKey:    {Needs: SignsUserinfo, UserinfoSignature: SignedUnknown},
	UserinfoNotEncrypted:  {Needs: SignsUserinfo | Encrypts, UserinfoEncryption: EncryptedNot},
	UserinfoForAnother:    {Needs: SignsUserinfo | Encrypts, UserinfoEncryption: ForAnother},
	UserinfoRefused:       {Userinfo: status(http.StatusForbidden)},
	UserinfoHTML:          {Userinfo: typed("text/html")},
	UserinfoUntyped:       {Userinfo: typed("")},
	UserinfoMistyped:      {UserinfoType: "text/plain"},

	NoFamilyName: {UserinfoClaims: remove("family_name", "rnipp_family_name")},
	NoGivenName:  {UserinfoClaims: remove("given_name", "rnipp_given_name")},
	NoBirthdate:  {Needs: KnowsPatients, UserinfoClaims: remove("birthdate", "rnipp_birthdate")},
	NoGender:     {Needs: KnowsPatients, UserinfoClaims: remove("gender", "rnipp_gender")},
	NoBirthplace: {Needs: KnowsPatients, UserinfoClaims: remove("birthplace", "birthcountry", "rnipp_birthplace", "rnipp_birthcountry")},
	NoNationalID: {Needs: KnowsProfessionals, UserinfoClaims: remove("SubjectNameID")},
	NoProfession: {Needs: KnowsProfessionals, UserinfoClaims: remove("SubjectRole", "SubjectRefPro")},
	MistypedName: {UserinfoClaims: set("family_name", 5)},

	TokenRefused:     {Token: status(http.StatusBadRequest)},
	TokenRedirected:  {Token: redirected},
	TokenLoops:       {Token: looping},
	TokenNotBearer:   {Tokens: set("token_type", "DPoP")},
	TokenHuge:        {Token: huge},
	TokenSlow:        {Token: slow},
	TokenDown:        {Token: status(http.StatusServiceUnavailable)},
	TokenDropped:     {Token: dropped},
	TokenTruncated:   {Token: truncated},
	TokenBusy:        {Token: status(http.StatusTooManyRequests)},
	KeysHuge:         {Keys: huge},
	KeysSlow:         {Keys: slow},
	KeysDown:         {Keys: status(http.StatusInternalServerError)},
	KeysRedirected:   {Keys: redirected},
	UserinfoHuge:     {Userinfo: huge},
	UserinfoSlow:     {Userinfo: slow},
	UserinfoDown:     {Userinfo: status(http.StatusBadGateway)},
	UserinfoMoved:    {Userinfo: redirected},
	UserinfoLoops:    {Userinfo: looping},
	DiscoveryLies:    {Needs: IsDiscovered, Discovered: set("issuer", elsewhere)},
	DiscoveryPlain:   {Needs: IsDiscovered, Discovered: set("token_endpoint", "http://elsewhere.test/token")},
	DiscoveryMoved:   {Needs: IsDiscovered, Discovery: redirected},
	DiscoveryHuge:    {Needs: IsDiscovered, Discovery: huge},
	DiscoveryDown:    {Needs: IsDiscovered, Discovery: status(http.StatusServiceUnavailable)},
	DiscoveryNothing: {Needs: IsDiscovered, Discovered: remove("jwks_uri")},
}

func failWith(code string) func(url.Values) {
	return func(q url.Values) {
		q.Del("code")
		q.Set("error", code)
		q.Set("error_description", "as ordered")
	}
}

func set(name string, value any) func(Claims) { return func(c Claims) { c[name] = value } }

func remove(names ...string) func(Claims) {
	return func(c Claims) {
		for _, name := range names {
			delete(c, name)
		}
	}
}

// alsoFor adds an audience.
func alsoFor(other string) func(Claims) {
	return func(c Claims) { c["aud"] = []any{c["aud"], other} }
}

// lower takes the level that was asked for down by one.
func lower(c Claims) {
	below := map[any]string{"eidas3": "eidas2", "eidas2": "eidas1"}
	c["acr"] = cmp.Or(below[c["acr"]], "eidas0")
}

// shift moves a time that the claims hold.
func shift(name string, by time.Duration) func(Claims) {
	return func(c Claims) {
		if at, ok := c[name].(int64); ok {
			c[name] = at + int64(by/time.Second)
		}
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(Claims{"error": "as_ordered"}) // a caller that has gone needs no answer
	}
}

func typed(mediaType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{mediaType}
		_, _ = w.Write([]byte("{}"))
	}
}

// redirected leads to where following would succeed.
func redirected(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Path+"?followed=yes", http.StatusTemporaryRedirect)
}

// IsFollowed reports whether r follows a redirect of ours.
func IsFollowed(r *http.Request) bool { return r.URL.Query().Has("followed") }

// looping leads back to where it came from.
func looping(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
}

// huge sends a well-formed answer that is larger than any real one.
func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"padding":"`))
	block := []byte(strings.Repeat("x", 1<<16))
	for range 32 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`"}`))
}

// slow answers nothing until the caller goes away, nor then.
func slow(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// dropped closes the connection without an answer.
func dropped(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// truncated closes the connection in the middle of the answer.
func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"access_token":`))
	panic(http.ErrAbortHandler)
}
