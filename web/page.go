package web

import (
	"html/template"
	"strings"
	"time"

	"guichet/record"
)

// Page is one page, filled. Its view names the template and gives it what it
// shows, already in the words of a language.
type Page interface {
	language() Language
	view(l *language) (template string, base Base, content any)
}

// Viewer is who is signed in.
type Viewer struct {
	Name   string
	Means  string // the provider: franceconnect, psc
	Role   record.Role
	IdleAt time.Time // when the session closes without action (DT9.a)
}

// Base is what every page is given.
type Base struct {
	Viewer    *Viewer // nil when signed out
	Now       time.Time
	Reference string // of the request, of fixed length; shown on error pages
	Language  Language
	Path      string // of the page, to come back to in another language; empty: the first page
	Watch     *Watch // nil where no session is open
	Greeting  *Greeting
}

// Greeting is what the first page after a sign-in says, whichever it is: the
// sign-in before (AA9).
type Greeting struct{ LastSignIn *record.SignIn } // nil at the first

func (b Base) language() Language { return b.Language }

// frame is what the layout shows around every page.
type frame struct {
	Site      *Site
	Links     template.HTML // to the style sheet and the icon
	Footer    template.HTML
	Viewer    *viewerLine
	Section   string // the entry of the menu that is current
	Back      string // where a change of language leads
	Help      string // the place of the help page about this one (DT11.a)
	Patient   *identityLine
	Watch     *watch
	LastSeen  lastSeen
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

func newFrame(w *Web, l *language, template string, base Base, content any) frame {
	f := frame{
		Site:      &w.site,
		Links:     l.links,
		Footer:    l.footer,
		Reference: base.Reference,
		Back:      base.Path,
		Page:      content,
	}
	if f.Back == "" {
		f.Back = "/"
	}
	f.Watch = newWatch(w, base.Watch, f.Back)
	f.Help = "/help"
	if g := base.Greeting; g != nil {
		f.LastSeen = l.newLastSeen(g.LastSignIn, g.LastSignIn == nil)
	}
	if v := base.Viewer; v != nil {
		f.Viewer = &viewerLine{Name: v.Name, Means: l.provider(v.Means), Clinician: v.Role.IsClinician()}
		if !v.IdleAt.IsZero() {
			f.Viewer.IdleAt = l.wideHour(v.IdleAt)
		}
	}
	if s, ok := content.(sectioned); ok {
		f.Section, f.Patient = s.section()
		f.Help += "#" + template
	}
	return f
}

// sectioned is a content that belongs to a section of the menu; where it shows
// a patient's data, whose record it is is never in doubt (DT11.b).
type sectioned interface {
	section() (name string, patient *identityLine)
}

// identityLine says whose record is shown.
type identityLine struct {
	Name      string // MOREAU Camille
	BirthName string // née LEFÈVRE, where another name is in use
	Birth     string // 14/03/1984 (42 ans)
	Sex       string
	INS       bool
}

func (l *language) newIdentityLine(p *record.Patient, now time.Time) *identityLine {
	if p == nil {
		return nil
	}
	id := p.Identity
	line := &identityLine{Name: strings.TrimSpace(strings.ToUpper(id.Family) + " " + id.First())}
	if id.Usual != "" && record.Canonical(id.Usual) != record.Canonical(id.Family) {
		line.Name = strings.TrimSpace(strings.ToUpper(id.Usual) + " " + id.First())
		line.BirthName = fill(l.born(id.Sex), "name", strings.ToUpper(id.Family))
	}
	birth, age, aged := l.birthdate(id.Birthdate, now)
	line.Birth = birth
	if aged {
		line.Birth = fill(l.say.Person.Age, "birth", birth, "age", l.count(age, l.say.Person.Years))
	}
	line.Sex = l.sexWord(id.Sex, aged && age < 18)
	for _, identifier := range p.Identifiers {
		line.INS = line.INS || identifier.IsINS()
	}
	return line
}

// print is the identity as it stands above every printed table.
func (i *identityLine) print() string {
	if i == nil {
		return ""
	}
	parts := []string{i.Name}
	for _, part := range []string{i.BirthName, i.Birth, i.Sex} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func (l *language) born(sex record.Sex) string {
	switch sex {
	case record.Female:
		return l.say.Person.BornFemale
	case record.Male:
		return l.say.Person.BornMale
	}
	return l.say.Person.Born
}

func (l *language) sexWord(sex record.Sex, minor bool) string {
	switch {
	case sex == record.Female && minor:
		return l.say.Person.Girl
	case sex == record.Female:
		return l.say.Person.Woman
	case sex == record.Male && minor:
		return l.say.Person.Boy
	case sex == record.Male:
		return l.say.Person.Man
	}
	return ""
}

// birthdate writes a birth date. A presumed one, with 00 for its month or day,
// is written as far as it is known and gives no age.
func (l *language) birthdate(iso string, now time.Time) (shown string, age int, aged bool) {
	day, err := time.ParseInLocation(time.DateOnly, iso, paris)
	if err != nil {
		if month, merr := time.ParseInLocation("2006-01", strings.TrimSuffix(iso, "-00"), paris); merr == nil {
			return l.dayless(month), 0, false
		}
		if year, _, _ := strings.Cut(iso, "-"); isDigits(year) {
			return year, 0, false
		}
		return "", 0, false
	}
	shown = l.day(day)
	if now.IsZero() || now.Before(day) {
		return shown, 0, false
	}
	now = now.In(paris)
	age = now.Year() - day.Year()
	if now.Month() < day.Month() || now.Month() == day.Month() && now.Day() < day.Day() {
		age--
	}
	return shown, age, true
}
