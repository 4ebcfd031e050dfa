package web

import (
	"strings"
	"time"
	"unicode/utf8"

	"guichet/record"
)

// Pages that say one thing and what to do next.

// LandingPage is the choice of a door.
type LandingPage struct{ Base }

func (p LandingPage) view() (string, Base, any) { return "landing", p.Base, p }

// NothingSharedPage tells a clinician that no record is open to them yet.
type NothingSharedPage struct {
	Base
	LastSignIn  *record.SignIn
	FirstSignIn bool
}

func (p NothingSharedPage) view() (string, Base, any) {
	return "nothing-shared", p.Base, struct {
		Name     string
		LastSeen lastSeen
	}{viewerName(p.Base), newLastSeen(p.LastSignIn, p.FirstSignIn)}
}

// UnmatchedPage tells someone whose identity is proved that it leads to no
// single record. It does not say whether there is none or several.
type UnmatchedPage struct {
	Base
	Means string
}

func (p UnmatchedPage) view() (string, Base, any) {
	return "unmatched", p.Base, providerName(p.Means)
}

// SignInFailedPage tells that the provider gave no identity.
type SignInFailedPage struct {
	Base
	Means string
}

func (p SignInFailedPage) view() (string, Base, any) {
	return "sign-in-failed", p.Base, providerName(p.Means)
}

// SessionEndedPage says why a session is over (AA8.d). Its reader may be a
// stranger: it names nobody.
type SessionEndedPage struct {
	Base
	Reason         record.EndReason
	At             time.Time
	Idle, Lifetime time.Duration
	Provider       string
	ProviderClosed bool // the provider has confirmed that its own session is closed
}

type sessionEnded struct {
	Reason         record.EndReason
	When           string // day and hour
	Hour           string
	Idle, Lifetime string
	Provider       string
	ProviderClosed bool
}

func (p SessionEndedPage) view() (string, Base, any) {
	content := sessionEnded{
		Reason:         p.Reason,
		Idle:           minutes(p.Idle),
		Lifetime:       minutes(p.Lifetime),
		Provider:       providerName(p.Provider),
		ProviderClosed: p.ProviderClosed,
	}
	if !p.At.IsZero() {
		content.When, content.Hour = dayAndHour(p.At, p.Now), hour(p.At)
	}
	p.Viewer = nil
	return "session-ended", p.Base, content
}

// NotFoundPage stands for what is missing and for what is refused (DT3.a).
type NotFoundPage struct{ Base }

func (p NotFoundPage) view() (string, Base, any) { return "not-found", p.Base, nil }

// InternalPage tells of an error of ours, which has closed the session (DT8).
type InternalPage struct{ Base }

func (p InternalPage) view() (string, Base, any) {
	when := ""
	if !p.Now.IsZero() {
		when = upperFirst(longDay(p.Now)) + " à" + nbsp + hour(p.Now)
	}
	p.Viewer = nil
	return "internal", p.Base, when
}

// UnavailablePage tells that something Guichet needs does not answer.
type UnavailablePage struct{ Base }

func (p UnavailablePage) view() (string, Base, any) { return "unavailable", p.Base, nil }

// ForbiddenOriginPage refuses a request that comes from another site's page.
type ForbiddenOriginPage struct{ Base }

func (p ForbiddenOriginPage) view() (string, Base, any) { return "forbidden-origin", p.Base, nil }

// WaitPage asks for patience after failed sign-ins (AA7.b). It is the same
// whether the account exists or not.
type WaitPage struct {
	Base
	Until time.Time
}

func (p WaitPage) view() (string, Base, any) {
	return "wait", p.Base, struct{ Seconds, Until string }{secondsLeft(p.Until.Sub(p.Now)), exactHour(p.Until)}
}

// secondsLeft rounds up: who waits that long does not come too early.
func secondsLeft(d time.Duration) string {
	return count(max(int((d+time.Second-1)/time.Second), 0), "seconde", "secondes")
}

// lastSeen is the owner's last sign-in, by which an intruder shows (AA9).
type lastSeen struct {
	First    bool
	ISO      string
	When     string
	Provider string
	Refused  string // attempts since then; empty when there was none
}

func newLastSeen(s *record.SignIn, first bool) lastSeen {
	if s == nil {
		return lastSeen{First: first}
	}
	seen := lastSeen{ISO: s.At.In(paris).Format(time.RFC3339), When: longDay(s.At) + " à" + nbsp + hour(s.At), Provider: providerName(s.Provider)}
	if s.Refused > 0 {
		seen.Refused = count(s.Refused, "tentative refusée", "tentatives refusées")
	}
	return seen
}

func viewerName(b Base) string {
	if b.Viewer == nil {
		return ""
	}
	return b.Viewer.Name
}

// upperFirst begins a sentence.
func upperFirst(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:size]) + s[size:]
}
