package web

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/record"
)

// Pages that say one thing and what to do next.

// LandingPage is the choice of a door.
type LandingPage struct{ Base }

func (p LandingPage) view(*language) (string, Base, any) { return "landing", p.Base, p }

// NothingSharedPage tells a clinician that no record is open to them yet.
type NothingSharedPage struct {
	Base
	LastSignIn  *record.SignIn
	FirstSignIn bool
}

func (p NothingSharedPage) view(l *language) (string, Base, any) {
	p.Greeting = nil // it says the same itself
	return "nothing-shared", p.Base, nothingShared{l.newLastSeen(p.LastSignIn, p.FirstSignIn)}
}

type nothingShared struct{ LastSeen lastSeen }

func (nothingShared) section() (string, *identityLine) { return "home", nil }

// UnmatchedPage tells someone whose identity is proved that it leads to no
// single record. It does not say whether there is none or several.
type UnmatchedPage struct {
	Base
	Means   string
	Waiting string    // what they tell the hospital; empty: nobody waits for them there
	Code    *CodeForm // nil where no code helps
}

// CodeForm is where an activation code is typed.
type CodeForm struct {
	Typed    string
	Mistyped bool // it is no code at all
	Refused  bool // it opens nothing
}

type unmatched struct {
	Means   string
	Waiting string
	Code    *CodeForm
}

func (p UnmatchedPage) view(l *language) (string, Base, any) {
	return "unmatched", p.Base, unmatched{l.provider(p.Means), p.Waiting, p.Code}
}

// ActivatedPage says that a code has led to a record.
type ActivatedPage struct{ Base }

func (p ActivatedPage) view(l *language) (string, Base, any) { return "activated", p.Base, p }

// CloseAccountPage asks whether the account is to be closed (GA4.d). It names
// nobody: nothing was read for it.
type CloseAccountPage struct{ Base }

func (p CloseAccountPage) view(*language) (string, Base, any) {
	return "close-account", p.Base, closeAccount{}
}

type closeAccount struct{}

func (closeAccount) section() (string, *identityLine) { return "account", nil }

// AccountClosedPage says that it is.
type AccountClosedPage struct {
	Base
	Provider       string // whose session may still be open
	ProviderCloses bool   // by a button
}

func (p AccountClosedPage) view(l *language) (string, Base, any) {
	p.Provider = l.provider(p.Provider)
	return "account-closed", p.Base, p
}

// SuspendedPage tells someone whose identity is proved that their account is
// not open. Why, they are told by the hospital only: they may not be its holder.
type SuspendedPage struct{ Base }

func (p SuspendedPage) view(l *language) (string, Base, any) { return "suspended", p.Base, p }

// SignInFailedPage tells that the provider gave no identity.
type SignInFailedPage struct {
	Base
	Means string
}

func (p SignInFailedPage) view(l *language) (string, Base, any) {
	return "sign-in-failed", p.Base, l.provider(p.Means)
}

// SessionEndedPage says why a session is over (AA8.d). Its reader may be a
// stranger: it names nobody.
type SessionEndedPage struct {
	Base
	Reason         record.EndReason
	At             time.Time
	Idle, Lifetime time.Duration
	Newer          *Newer // the session that replaced it, where that is known
	Provider       string
	ProviderClosed bool // the provider has confirmed that its own session is closed
	Returns        bool // signing in again leads back to the page
	ProviderCloses bool // the provider can be asked to close its own session
	Alert          bool // that it was not them can be said from here (AA8.e)
}

// Newer is what is told of a session that replaced another: nothing that says
// who or where.
type Newer struct {
	Provider string
	Near     bool // from the same network
}

type sessionEnded struct {
	Reason         record.EndReason
	When           string // day and hour
	Hour           string
	Idle, Lifetime string
	Newer          *Newer
	Provider       string
	ProviderClosed bool
	Returns        bool
	ProviderCloses bool
	Alert          bool
}

func (p SessionEndedPage) view(l *language) (string, Base, any) {
	content := sessionEnded{
		Reason:         p.Reason,
		Idle:           l.minutes(p.Idle),
		Lifetime:       l.minutes(p.Lifetime),
		Provider:       l.provider(p.Provider),
		ProviderClosed: p.ProviderClosed,
		Returns:        p.Returns,
		ProviderCloses: p.ProviderCloses && !p.ProviderClosed,
		Alert:          p.Alert,
	}
	if p.Newer != nil {
		content.Newer = &Newer{Provider: l.provider(p.Newer.Provider), Near: p.Newer.Near}
	}
	if !p.At.IsZero() {
		content.When, content.Hour = l.dayAndHour(p.At, p.Now), l.hour(p.At)
	}
	p.Viewer, p.Watch = nil, nil
	return "session-ended", p.Base, content
}

// AlreadyOpenPage offers to take over the session that is open elsewhere
// (AA8.b). Like SessionEndedPage it names nobody.
type AlreadyOpenPage struct {
	Base
	Since, Seen time.Time
}

type alreadyOpen struct{ Since, Seen string }

func (p AlreadyOpenPage) view(l *language) (string, Base, any) {
	since := fill(l.say.Message.OpenSince, "day", l.longDay(p.Since), "hour", l.hour(p.Since))
	if sameDay(p.Since, p.Now) {
		since = fill(l.say.Message.OpenToday, "hour", l.hour(p.Since))
	}
	p.Viewer = nil
	return "already-open", p.Base, alreadyOpen{since, l.hour(p.Seen)}
}

// AlertedPage says that the alert has arrived, and what comes next (AA8.e).
type AlertedPage struct{ Base }

func (p AlertedPage) view(l *language) (string, Base, any) {
	p.Viewer = nil
	return "alerted", p.Base, upperFirst(l.dayAndHour(p.Now, time.Time{}))
}

// NotFoundPage stands for what is missing and for what is refused (DT3.a).
type NotFoundPage struct{ Base }

func (p NotFoundPage) view(*language) (string, Base, any) { return "not-found", p.Base, nil }

// InternalPage tells of an error of ours, which has closed the session (DT8).
type InternalPage struct{ Base }

func (p InternalPage) view(l *language) (string, Base, any) {
	when := ""
	if !p.Now.IsZero() {
		when = upperFirst(l.dayAndHour(p.Now, time.Time{}))
	}
	p.Viewer, p.Watch = nil, nil
	return "internal", p.Base, when
}

// UnavailablePage tells that something Guichet needs does not answer.
type UnavailablePage struct{ Base }

func (p UnavailablePage) view(*language) (string, Base, any) { return "unavailable", p.Base, nil }

// ForbiddenOriginPage refuses a request that comes from another site's page.
type ForbiddenOriginPage struct{ Base }

func (p ForbiddenOriginPage) view(*language) (string, Base, any) {
	return "forbidden-origin", p.Base, nil
}

// WaitPage asks for patience after failed sign-ins (AA7.b). It is the same
// whether the account exists or not.
type WaitPage struct {
	Base
	Until    time.Time
	Failures int           // in a row, from this network; 0: too many people sign in from it at once, or Blocked
	Longest  time.Duration // the wait that the ladder ends at; 0: none
	Blocked  bool          // the hospital has this network wait (AA7.g)
	Again    string        // where to try again; empty: the doors
}

type wait struct {
	Left, Until string
	Once        bool   // it was the first failure
	Blocked     bool   // it was none
	Again       string // where to try again
	Day         string // of Until, where it is not today
	Ladder      []rung
}

// rung is one failure, and how long the wait after it is.
type rung struct {
	Wait, Failure string
	Past, Current bool
}

func (p WaitPage) view(l *language) (string, Base, any) {
	end := p.Until.Add(time.Second - 1).Truncate(time.Second) // who comes at the second that is told is not early
	page := wait{Left: l.timeLeft(p.Until.Sub(p.Now)), Until: l.exactHour(end), Ladder: l.newLadder(p.Failures, p.Longest),
		Once: p.Failures == 1, Blocked: p.Blocked, Again: cmp.Or(p.Again, "/")}
	if l.day(end) != l.day(p.Now) {
		page.Day = l.longDay(end)
	}
	return "wait", p.Base, page
}

// newLadder shows the failures around the latest: two seconds after the first,
// twice as long after each, to the longest (AA7.c).
func (l *language) newLadder(failures int, longest time.Duration) []rung {
	const rungs, most = 6, 40
	if failures < 1 {
		return nil
	}
	failures = min(failures, most)
	first := max(1, failures-rungs+2)
	var ladder []rung
	for n := first; n < first+rungs; n++ {
		words := fill(l.say.Message.NthFailure, "n", strconv.Itoa(n))
		if n == 1 {
			words = l.say.Message.FirstFailure
		}
		wait := time.Second << min(n, 30) // 34 years
		if longest > 0 {
			wait = min(wait, longest)
		}
		ladder = append(ladder, rung{Wait: inUnits(wait), Failure: words, Past: n < failures, Current: n == failures})
	}
	return ladder
}

// shortWait is up to where people count a wait in seconds.
const shortWait = 2 * time.Minute

// inUnits writes a wait to the second: 64 s, 8 min 32 s.
func inUnits(d time.Duration) string {
	if d <= shortWait {
		return strconv.Itoa(int(d/time.Second)) + nbsp + "s"
	}
	var words []string
	for _, unit := range []struct {
		size time.Duration
		sign string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.size; n > 0 {
			words = append(words, strconv.Itoa(int(n))+nbsp+unit.sign)
		}
		d %= unit.size
	}
	return strings.Join(words, " ")
}

// timeLeft says a wait as people count it, and rounds up: who waits that long
// does not come too early.
func (l *language) timeLeft(d time.Duration) string {
	in := func(unit time.Duration) int { return max(int((d+unit-1)/unit), 0) }
	switch {
	case d <= shortWait:
		return l.count(in(time.Second), l.say.Time.Seconds)
	case d <= 2*time.Hour:
		return l.count(in(time.Minute), l.say.Time.Minutes)
	}
	return l.count(in(time.Hour), l.say.Time.Hours)
}

// lastSeen is the owner's last sign-in, by which an intruder shows (AA9).
type lastSeen struct {
	First    bool
	ISO      string
	When     string
	Provider string
	Refused  string // attempts since then; empty when there was none
}

func (l *language) newLastSeen(s *record.SignIn, first bool) lastSeen {
	if s == nil {
		return lastSeen{First: first}
	}
	seen := lastSeen{ISO: s.At.In(paris).Format(time.RFC3339), When: l.dayAndHour(s.At, time.Time{}), Provider: l.provider(s.Provider)}
	if s.Refused > 0 {
		seen.Refused = l.count(s.Refused, l.say.Message.RefusedAttempts) + l.latestRefused(s)
	}
	return seen
}

// latestRefused says when an attempt was refused, or the latest of several.
func (l *language) latestRefused(s *record.SignIn) string {
	if s.RefusedAt.IsZero() {
		return ""
	}
	form := l.say.Message.LatestRefused.many()
	if s.Refused == 1 {
		form = l.say.Message.LatestRefused.one()
	}
	return fill(form, "day", l.dayInYear(s.RefusedAt), "hour", l.wideHour(s.RefusedAt))
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
