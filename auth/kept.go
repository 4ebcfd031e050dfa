package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// proof is a Login that led to no record, as its browser carries it while its
// person types an activation code: the provider answers once, and would have
// to be asked again for each slip. Encrypted, since it holds traits; Strict,
// since no other site has a part in it.
type proof struct {
	Login   Login `json:"l"`
	Started int64 `json:"t"`
}

// maxProof keeps the cookie below what browsers take.
const maxProof = 3800

func (a *Attempts) proofCookie() string { return a.cookie + "-proof" }

// Keep keeps a patient's login in the browser for ten minutes. What opens a
// session with it afterwards serves once: it has a state of its own.
func (a *Attempts) Keep(w http.ResponseWriter, login *Login) error {
	p := proof{Login: *login, Started: a.now().Unix()}
	p.Login.State = randomToken()
	sealed, err := a.seal(p)
	if err != nil {
		return fmt.Errorf("seal proof: %w", err)
	}
	a.setProof(w, sealed, int(attemptLifetime/time.Second))
	return nil
}

func (a *Attempts) seal(p proof) (string, error) {
	sealed, err := a.codec.Encode(a.proofCookie(), p)
	if err == nil && len(sealed) > maxProof {
		err = errors.New("too long for a cookie")
	}
	return sealed, err
}

// Kept returns the login that the browser carries, or a [Refusal].
func (a *Attempts) Kept(r *http.Request) (*Login, error) {
	login, refusal := a.kept(r)
	if refusal != nil {
		return nil, refusal
	}
	return login, nil
}

func (a *Attempts) kept(r *http.Request) (*Login, *Refusal) {
	c, err := r.Cookie(a.proofCookie())
	if err != nil {
		return nil, refuse(ReasonNoAttempt, "no proof in this browser")
	}
	var p proof
	if err := a.codec.Decode(a.proofCookie(), c.Value, &p); err != nil {
		return nil, refuse(ReasonNoAttempt, "proof does not open")
	}
	age := a.now().Sub(time.Unix(p.Started, 0))
	if age > attemptLifetime || age < -clockSkew {
		return nil, refuse(ReasonNoAttempt, "proof too old")
	}
	return &p.Login, nil
}

// Drop takes the kept login from the browser.
func (a *Attempts) Drop(w http.ResponseWriter) { a.setProof(w, "", -1) }

func (a *Attempts) setProof(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: a.proofCookie(), Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
