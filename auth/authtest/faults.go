package authtest

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Fault names one thing that a provider does wrong. The zero value is none.
type Fault string

// What can be wrong in the answer that the browser carries.
const (
	WrongState   Fault = "wrong state"
	NoState      Fault = "no state"
	EmptyState   Fault = "empty state"
	TwoStates    Fault = "two states"
	WrongIssuer  Fault = "wrong issuer parameter"
	EmptyIssuer  Fault = "empty issuer parameter"
	AccessDenied Fault = "access denied"
	InvalidScope Fault = "invalid scope"
	Unavailable  Fault = "temporarily unavailable"
	ErrorAndCode Fault = "error beside a code"
	NoCode       Fault = "no code"
	TwoCodes     Fault = "two codes"
	UnknownCode  Fault = "unknown code"
)

// What can be wrong in the ID token.
const (
	WrongNonce           Fault = "wrong nonce"
	NoNonce              Fault = "no nonce"
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
	NoSubject            Fault = "no subject"
	LongSubject          Fault = "long subject"
	WrongTokenHash       Fault = "wrong access token hash"
	AlgorithmNone        Fault = "algorithm none"
	PublicKeyAsSecret    Fault = "public key as secret" // #nosec G101 -- the name of a fault
	UnknownKey           Fault = "unknown key"
	ForgedSignature      Fault = "forged signature"
	OtherAlgorithm       Fault = "algorithm not agreed"
	JSONSerialisation    Fault = "JSON serialisation"
	NotAToken            Fault = "not a token"
	NoIDToken            Fault = "no ID token"
	MalformedClaims      Fault = "malformed claims"
)

// What can be wrong in the userinfo. Those that name an issuer, an audience or
// a signature make sense for FranceConnect only.
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
	UserinfoRefused       Fault = "userinfo refused"
	UserinfoHTML          Fault = "userinfo as HTML"
	UserinfoUntyped       Fault = "userinfo without media type"
	UserinfoMistyped      Fault = "userinfo of another media type"
)

// How a provider can fail to answer.
const (
	TokenRefused    Fault = "token refused"
	TokenRedirected Fault = "token endpoint redirects"
	TokenNotBearer  Fault = "token of another type"
	TokenHuge       Fault = "token answer huge"
	TokenSlow       Fault = "token endpoint slow"
	TokenDown       Fault = "token endpoint down"
	TokenDropped    Fault = "token connection dropped"
	TokenTruncated  Fault = "token answer truncated"
	TokenBusy       Fault = "token endpoint busy"
	KeysHuge        Fault = "keys huge"
	KeysSlow        Fault = "keys slow"
	KeysDown        Fault = "keys down"
	KeysRedirected  Fault = "keys redirected"
	UserinfoHuge    Fault = "userinfo huge"
	UserinfoSlow    Fault = "userinfo slow"
	UserinfoDown    Fault = "userinfo down"
	UserinfoMoved   Fault = "userinfo redirected"
)

// Faults returns every fault, in a fixed order.
func Faults() []Fault { return slices.Sorted(maps.Keys(faults)) }

// misbehaviour is what a fault changes; whatever is not set stays right.
type misbehaviour struct {
	callback          func(url.Values)
	tokens            func(Claims)
	idToken           func(Claims)
	idTokenSignature  signature
	userinfoClaims    func(Claims)
	userinfoSignature signature
	userinfoPlain     bool
	userinfoType      string
	token, userinfo   http.HandlerFunc // answer instead
	keys              http.HandlerFunc // answer instead, until the next sign-in begins
}

const elsewhere = "https://elsewhere.test"

var faults = map[Fault]misbehaviour{
	WrongState:   {callback: func(q url.Values) { q.Set("state", strings.Repeat("x", 43)) }},
	NoState:      {callback: func(q url.Values) { q.Del("state") }},
	EmptyState:   {callback: func(q url.Values) { q.Set("state", "") }},
	TwoStates:    {callback: func(q url.Values) { q.Add("state", "second") }},
	WrongIssuer:  {callback: func(q url.Values) { q.Set("iss", elsewhere) }},
	EmptyIssuer:  {callback: func(q url.Values) { q.Set("iss", "") }},
	AccessDenied: {callback: failWith("access_denied")},
	InvalidScope: {callback: failWith("invalid_scope")},
	Unavailable:  {callback: failWith("temporarily_unavailable")},
	ErrorAndCode: {callback: func(q url.Values) { q.Set("error", "server_error") }},
	NoCode:       {callback: func(q url.Values) { q.Del("code") }},
	TwoCodes:     {callback: func(q url.Values) { q.Add("code", "second") }},
	UnknownCode:  {callback: func(q url.Values) { q.Set("code", "unknown") }},

	WrongNonce:           {idToken: set("nonce", strings.Repeat("x", 43))},
	NoNonce:              {idToken: remove("nonce")},
	LowACR:               {idToken: lower},
	NoACR:                {idToken: remove("acr")},
	UnknownACR:           {idToken: set("acr", "urn:elsewhere:high")},
	FutureIssued:         {idToken: shift("iat", 10*time.Minute)},
	OldIssued:            {idToken: shift("iat", -10*time.Minute)},
	NoIssued:             {idToken: remove("iat")},
	Expired:              {idToken: shift("exp", -2*time.Minute)},
	NoExpiry:             {idToken: remove("exp")},
	OldAuthTime:          {idToken: shift("auth_time", -5*time.Hour)},
	FutureAuthTime:       {idToken: shift("auth_time", 10*time.Minute)},
	NoAuthTime:           {idToken: remove("auth_time")},
	WrongAudience:        {idToken: set("aud", "elsewhere")},
	SeveralAudiences:     {idToken: set("aud", []string{ClientID, "elsewhere"})},
	NoAudience:           {idToken: remove("aud")},
	WrongAuthorizedParty: {idToken: set("azp", "elsewhere")},
	WrongTokenIssuer:     {idToken: set("iss", elsewhere)},
	NoTokenIssuer:        {idToken: remove("iss")},
	NoSubject:            {idToken: remove("sub"), userinfoClaims: remove("sub")},
	LongSubject:          {idToken: set("sub", strings.Repeat("s", 256)), userinfoClaims: set("sub", strings.Repeat("s", 256))},
	WrongTokenHash:       {idToken: set("at_hash", encode(make([]byte, 16)))},
	AlgorithmNone:        {idTokenSignature: signedByNone},
	PublicKeyAsSecret:    {idTokenSignature: signedBySecret},
	UnknownKey:           {idTokenSignature: signedUnknown},
	ForgedSignature:      {idTokenSignature: signedForged},
	OtherAlgorithm:       {idTokenSignature: signedOtherwise},
	JSONSerialisation:    {idTokenSignature: signedJSON},
	NotAToken:            {idTokenSignature: signedNotAtAll},
	NoIDToken:            {tokens: remove("id_token")},
	MalformedClaims:      {idToken: set("auth_time", "yesterday")},

	UserinfoOtherSubject:  {userinfoClaims: set("sub", "somebody else")},
	UserinfoNoSubject:     {userinfoClaims: remove("sub")},
	UserinfoWrongAudience: {userinfoClaims: set("aud", "elsewhere")},
	UserinfoAudiences:     {userinfoClaims: set("aud", []string{ClientID, "elsewhere"})},
	UserinfoNoAudience:    {userinfoClaims: remove("aud")},
	UserinfoWrongIssuer:   {userinfoClaims: set("iss", elsewhere)},
	UserinfoExpired:       {userinfoClaims: shift("exp", -2*time.Minute)},
	UserinfoNoExpiry:      {userinfoClaims: remove("exp")},
	UserinfoUnsigned:      {userinfoPlain: true},
	UserinfoNone:          {userinfoSignature: signedByNone},
	UserinfoUnknownKey:    {userinfoSignature: signedUnknown},
	UserinfoRefused:       {userinfo: status(http.StatusForbidden)},
	UserinfoHTML:          {userinfo: typed("text/html")},
	UserinfoUntyped:       {userinfo: typed("")},
	UserinfoMistyped:      {userinfoType: "text/plain"},

	TokenRefused:    {token: status(http.StatusBadRequest)},
	TokenRedirected: {token: redirected},
	TokenNotBearer:  {tokens: set("token_type", "DPoP")},
	TokenHuge:       {token: huge},
	TokenSlow:       {token: slow},
	TokenDown:       {token: status(http.StatusServiceUnavailable)},
	TokenDropped:    {token: dropped},
	TokenTruncated:  {token: truncated},
	TokenBusy:       {token: status(http.StatusTooManyRequests)},
	KeysHuge:        {keys: huge},
	KeysSlow:        {keys: slow},
	KeysDown:        {keys: status(http.StatusInternalServerError)},
	KeysRedirected:  {keys: redirected},
	UserinfoHuge:    {userinfo: huge},
	UserinfoSlow:    {userinfo: slow},
	UserinfoDown:    {userinfo: status(http.StatusBadGateway)},
	UserinfoMoved:   {userinfo: redirected},
}

func failWith(code string) func(url.Values) {
	return func(q url.Values) {
		q.Del("code")
		q.Set("error", code)
		q.Set("error_description", "as ordered")
	}
}

func set(name string, value any) func(Claims) { return func(c Claims) { c[name] = value } }

func remove(name string) func(Claims) { return func(c Claims) { delete(c, name) } }

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
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, code, Claims{"error": "as_ordered"}) }
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

// isFollowed reports whether r follows redirected.
func isFollowed(r *http.Request) bool { return r.URL.Query().Has("followed") }

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
