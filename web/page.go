package web

import (
	"strings"
	"time"

	"guichet/record"
)

// Page is one page, filled. Its view names the template and gives it what it
// shows, already in French.
type Page interface {
	view() (template string, base Base, content any)
}

// Viewer is who is signed in.
type Viewer struct {
	Name   string
	Means  string // FranceConnect, Pro Santé Connect
	Role   record.Role
	IdleAt time.Time // when the session closes without action (DT9.a)
}

// Base is what every page is given.
type Base struct {
	Viewer    *Viewer // nil when signed out
	Now       time.Time
	Reference string // of the request, of fixed length; shown on error pages
}

// frame is what the layout shows around every page.
type frame struct {
	Site      *Site
	StyleHref string
	IconHref  string
	Viewer    *viewerLine
	Section   string // the entry of the menu that is current
	Patient   *identityLine
	Reference string
	Page      any
}

// viewerLine is the header's line about the session. The hour has a fixed
// width, so that a page keeps its length through the day (DT3).
type viewerLine struct {
	Name      string
	Means     string
	IdleAt    string
	Clinician bool
}

func newFrame(w *Web, base Base, content any) frame {
	f := frame{
		Site:      &w.site,
		StyleHref: w.static.styleHref,
		IconHref:  w.static.iconHref,
		Reference: base.Reference,
		Page:      content,
	}
	if v := base.Viewer; v != nil {
		f.Viewer = &viewerLine{Name: v.Name, Means: providerName(v.Means), Clinician: v.Role.IsClinician()}
		if !v.IdleAt.IsZero() {
			f.Viewer.IdleAt = wideHour(v.IdleAt)
		}
	}
	if s, ok := content.(sectioned); ok {
		f.Section, f.Patient = s.section()
	}
	return f
}

// sectioned is a content that belongs to a section of the menu and shows a
// patient's data, so that whose record it is is never in doubt (DT11.b).
type sectioned interface {
	section() (name string, patient *identityLine)
}

// providerName is how people know an identity provider.
func providerName(provider string) string {
	switch provider {
	case "franceconnect":
		return "FranceConnect"
	case "psc":
		return "Pro Santé Connect"
	}
	return provider
}

// identityLine says whose record is shown.
type identityLine struct {
	Name      string // MOREAU Camille
	BirthName string // née LEFÈVRE, where another name is in use
	Birth     string // 14/03/1984 (42 ans)
	Sex       string
	INS       bool
}

func newIdentityLine(p *record.Patient, now time.Time) *identityLine {
	if p == nil {
		return nil
	}
	id := p.Identity
	line := &identityLine{Name: strings.TrimSpace(strings.ToUpper(id.Family) + " " + id.First())}
	if id.Usual != "" && record.Canonical(id.Usual) != record.Canonical(id.Family) {
		line.Name = strings.TrimSpace(strings.ToUpper(id.Usual) + " " + id.First())
		line.BirthName = born(id.Sex) + " " + strings.ToUpper(id.Family)
	}
	birth, age, aged := birthdate(id.Birthdate, now)
	line.Birth = birth
	if aged {
		line.Birth += " (" + count(age, "an", "ans") + ")"
	}
	line.Sex = sexWord(id.Sex, aged && age < 18)
	for _, identifier := range p.Identifiers {
		line.INS = line.INS || identifier.IsINS()
	}
	return line
}

// print is the identity as it stands above every printed table.
func (l *identityLine) print() string {
	if l == nil {
		return ""
	}
	parts := []string{l.Name}
	for _, part := range []string{l.BirthName, l.Birth, l.Sex} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func born(sex record.Sex) string {
	switch sex {
	case record.Female:
		return "née"
	case record.Male:
		return "né"
	}
	return "nom de naissance"
}

func sexWord(sex record.Sex, minor bool) string {
	switch {
	case sex == record.Female && minor:
		return "Fille"
	case sex == record.Female:
		return "Femme"
	case sex == record.Male && minor:
		return "Garçon"
	case sex == record.Male:
		return "Homme"
	}
	return ""
}

// birthdate writes a birth date. A presumed one, with 00 for its month or day,
// is written as far as it is known and gives no age.
func birthdate(iso string, now time.Time) (shown string, age int, aged bool) {
	year, rest, _ := strings.Cut(iso, "-")
	monthDigits, dayDigits, _ := strings.Cut(rest, "-")
	switch {
	case !isDigits(year):
		return "", 0, false
	case !isDigits(monthDigits) || monthDigits == "00":
		return year, 0, false
	case !isDigits(dayDigits) || dayDigits == "00":
		return monthDigits + "/" + year, 0, false
	}
	shown = dayDigits + "/" + monthDigits + "/" + year
	day, err := time.Parse(time.DateOnly, iso)
	if err != nil || now.IsZero() || now.Before(day) {
		return shown, 0, false
	}
	now = now.In(paris)
	age = now.Year() - day.Year()
	if now.Month() < day.Month() || now.Month() == day.Month() && now.Day() < day.Day() {
		age--
	}
	return shown, age, true
}
