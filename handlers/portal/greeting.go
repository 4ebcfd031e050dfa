package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"guichet/record"
	"guichet/session"
	"guichet/web"
)

// The first page after a sign-in, whichever it is, tells of the one before
// (AA9). What it tells is kept in the session; that it has not been told yet is
// a cookie, which the page takes: no page costs the database more for it.

const (
	greetingCookie = "arrived"
	greetingValue  = "last_sign_in"
	greetingFor    = 10 * time.Minute
)

// keepGreeting keeps what the first page is to tell; last is nil at the first
// sign-in.
func (p *Portal) keepGreeting(w http.ResponseWriter, s *session.Session, last *record.SignIn) error {
	text, err := json.Marshal(last)
	if err != nil {
		return fmt.Errorf("keep last sign-in: %w", err)
	}
	s.Put(greetingValue, string(text))
	p.setGreeting(w, true)
	return nil
}

// setGreeting says whether the next page is to greet.
func (p *Portal) setGreeting(w http.ResponseWriter, due bool) {
	value := ""
	if due {
		value = "yes"
	}
	p.setCookie(w, greetingCookie, value, greetingFor)
}

func (p *Portal) greets(r *http.Request) bool { return p.cookie(r, greetingCookie) != "" }

// greetingOf returns what was kept, or nil where nothing was.
func greetingOf(s *session.Session) *web.Greeting {
	text := s.Value(greetingValue)
	if text == "" {
		return nil
	}
	greeting := &web.Greeting{}
	if err := json.Unmarshal([]byte(text), &greeting.LastSignIn); err != nil {
		return nil // ours, and sealed: it does not happen
	}
	return greeting
}
