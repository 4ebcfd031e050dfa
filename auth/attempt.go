package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
)

const (
	attemptLifetime = 10 * time.Minute
	maxReturnTo     = 512
)

// attempt is a sign-in under way, as its browser carries it. Encrypted, since
// whoever knew the nonce or the code verifier could take it over.
type attempt struct {
	Provider string `json:"p"`
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v,omitempty"` // of PKCE
	ReturnTo string `json:"r"`
	Started  int64  `json:"t"`
}

// Attempts keeps sign-ins under way, one a browser, in a sealed cookie: nothing
// is stored here for a visitor who has not signed in.
type Attempts struct {
	cookie string
	codec  *securecookie.SecureCookie
	now    func() time.Time
}

// NewAttempts takes the cookie's name and 64 random bytes, half to
// authenticate, half to encrypt. A nil now means time.Now.
func NewAttempts(cookieName string, key []byte, now func() time.Time) (*Attempts, error) {
	if !strings.HasPrefix(cookieName, "__Host-") {
		return nil, errors.New("configure attempts: cookie name lacks the __Host- prefix")
	}
	if len(key) != 64 {
		return nil, errors.New("configure attempts: key is not 64 bytes")
	}
	if now == nil {
		now = time.Now
	}
	codec := securecookie.New(key[:32], key[32:])
	codec.SetSerializer(securecookie.JSONEncoder{})
	codec.MaxAge(0) // open measures the age, with the clock given here
	return &Attempts{cookie: cookieName, codec: codec, now: now}, nil
}

// begin replaces whatever attempt the browser had.
func (a *Attempts) begin(w http.ResponseWriter, t attempt) error {
	t.Started = a.now().Unix()
	sealed, err := a.codec.Encode(a.cookie, t)
	if err != nil {
		return fmt.Errorf("seal attempt: %w", err)
	}
	a.set(w, sealed, int(attemptLifetime/time.Second))
	return nil
}

// open returns the browser's attempt at provider.
func (a *Attempts) open(r *http.Request, provider string) (attempt, *Refusal) {
	c, err := r.Cookie(a.cookie)
	if err != nil {
		return attempt{}, refuse(ReasonNoAttempt, "no attempt in this browser")
	}
	var t attempt
	if err := a.codec.Decode(a.cookie, c.Value, &t); err != nil {
		return attempt{}, refuse(ReasonNoAttempt, "attempt does not open")
	}
	if t.Provider != provider {
		return attempt{}, refuse(ReasonNoAttempt, "attempt at another provider")
	}
	age := a.now().Sub(time.Unix(t.Started, 0))
	if age > attemptLifetime || age < -clockSkew {
		return attempt{}, refuse(ReasonNoAttempt, "attempt too old")
	}
	return t, nil
}

// clear removes the attempt: it serves once, whatever came of it.
func (a *Attempts) clear(w http.ResponseWriter) { a.set(w, "", -1) }

func (a *Attempts) set(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookie, Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, // the provider's redirect back is cross-site
	})
}

// randomToken returns 256 bits from the system's generator (GC1.b), in the 43
// characters that FranceConnect's minimum of 32 asks for.
func randomToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(b)
}

// equal compares two secrets in constant time. Nothing equals an absent one.
func equal(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// isLocalPath reports whether s leads to a page of ours wherever a browser
// stands: an absolute path in its shortest form, with or without a query.
func isLocalPath(s string) bool {
	if len(s) > maxReturnTo || !strings.HasPrefix(s, "/") {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || c == '\\' || c == '#' {
			return false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return false
	}
	clean := path.Clean(u.Path)
	return u.Path == clean || u.Path == clean+"/"
}
