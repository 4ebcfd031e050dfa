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
	return &watch{Session: given.Session, Idle: idle, Refresh: idle + 5, Leave: back + mark + Unattended + "=1", Script: w.static.scriptHref}
}

// Question is what the page's script asks before a session ends.
type Question struct {
	At    time.Time // when it ends
	Idle  time.Duration
	Final bool // nothing lengthens it any more
}

// Question returns the dialog that asks it.
func (w *Web) Question(in Language, q Question) (string, error) {
	l := w.in(in)
	dialog, err := rendered(l.templates["landing"].Lookup("question"), struct {
		At, Idle string
		Final    bool
	}{l.hour(q.At), l.minutes(q.Idle), q.Final})
	return string(dialog), err
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
