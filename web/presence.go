package web

import (
	"strings"
	"time"
)

// Watch is what a page needs to watch over its session (DT9, DT10).
type Watch struct {
	Session string        // tells one session from another, and nothing more
	Idle    time.Duration // how long the session may go unused
}

// Unattended is the parameter of a page that the browser opens by itself, once
// it may have been left alone: it is no action of anybody.
const Unattended = "unattended"

// watch is what the layout is given of it.
type watch struct {
	Session string
	Idle    int    // seconds
	Refresh int    // seconds, after which a browser without scripts leaves
	Leave   string // where it leaves to: the page itself, unattended
	Back    string
	Script  string
}

func newWatch(w *Web, given *Watch, back string) *watch {
	if given == nil {
		return nil
	}
	idle := int(given.Idle.Seconds())
	mark := "?"
	if strings.Contains(back, "?") {
		mark = "&"
	}
	return &watch{Session: given.Session, Idle: idle, Refresh: idle + 5, Leave: back + mark + Unattended + "=1", Back: back, Script: w.static.scriptHref}
}

// Standing is how a session stands, in the words that the page's script shows.
type Standing struct {
	IdleAt string `json:"idleAt"`
	EndsAt string `json:"endsAt"`
	Idle   string `json:"idle"`
}

// Standing words when a session ends for want of use, when whatever is done,
// and how long it may go unused.
func (w *Web) Standing(in Language, idleAt, endsAt time.Time, idle time.Duration) Standing {
	l := w.in(in)
	return Standing{IdleAt: l.hour(idleAt), EndsAt: l.hour(endsAt), Idle: l.minutes(idle)}
}

// StillOpenPage stands in for a page that was left alone, while its session is
// used elsewhere: it shows nothing of it, and is no action (DT9.a).
type StillOpenPage struct {
	Base
	IdleAt time.Time
}

func (p StillOpenPage) view(l *language) (string, Base, any) {
	return "still-open", p.Base, l.hour(p.IdleAt)
}
