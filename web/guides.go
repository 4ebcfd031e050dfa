package web

import "time"

// Guide is a page of advice or of law. All are open to anyone, and look the
// same to whoever reads them but for the way out.
type Guide string

// The guides; each is the name of its template.
const (
	Help           Guide = "help"     // DT11.a
	SecurityAdvice Guide = "security" // GA6, GA7
	Contact        Guide = "contact"  // GA8.a
	Phishing       Guide = "phishing" // GA8.b
	LegalNotice    Guide = "notice"   // GP1.c, GP1.d
	Privacy        Guide = "privacy"  // GP1.g
	Accessibility  Guide = "accessibility"
	Terms          Guide = "terms" // GP1.e
)

// GuidePage is a guide. Idle and Lifetime are those in force: what a page says
// of them must be so (GP1.g).
type GuidePage struct {
	Base
	Guide          Guide
	Idle, Lifetime time.Duration
}

type guide struct{ Idle, Lifetime string }

func (p GuidePage) view(l *language) (string, Base, any) {
	return string(p.Guide), p.Base, guide{l.minutes(p.Idle), l.minutes(p.Lifetime)}
}

// Publisher is who answers for the service before the law (GP1.c, GP1.d). What
// the hospital has not given is said to be missing.
type Publisher struct {
	Address     string
	Director    string // of publication
	Officer     string // data protection officer: how to reach them
	Host        string // who hosts the data, and where
	Certificate string // of the host for health data (HDS): number and end
}
