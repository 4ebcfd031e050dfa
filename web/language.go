package web

import (
	"bytes"
	"fmt"
	"html/template"
	"time"
	_ "time/tzdata" // a machine without a zone database shows the same times

	"guichet/record"
)

// Language is a language that pages are written in. The zero value is French.
type Language string

// The languages there are. What the laboratory sent is in French in both.
const (
	French  Language = "fr"
	English Language = "en"
)

const (
	nbsp       = "\u00a0" // within an hour, before units and French punctuation
	narrowNbsp = "\u202f" // between thousands, in French
)

// language is everything that a page takes from its language, made once at
// start: templates with their texts in place, sentences for what is worded
// here, and the way dates, hours and numbers are written.
type language struct {
	conventions
	code      Language
	say       *sentences
	templates map[string]*template.Template
	links     template.HTML
	footer    template.HTML
	doors     []Door
	fallback  []byte // the page that tells of a failure
}

// conventions are how a language writes dates, hours and numbers. Every time
// is that of Paris, whatever the machine's own zone.
type conventions interface {
	day(t time.Time) string        // 17/11/2026, or 17 November 2026
	dayless(t time.Time) string    // 11/2026, or November 2026
	longDay(t time.Time) string    // mardi 17 novembre 2026
	weekday(t time.Time) string    // mardi
	month(t time.Time) string      // novembre 2026
	shortMonth(t time.Time) string // nov.
	shortDate(t time.Time) string  // 17/11/2026, or 17 Nov 2026
	dayInYear(t time.Time) string  // 17/11, or 17 November
	hour(t time.Time) string       // 7 h 42, for sentences, or 07:42
	wideHour(t time.Time) string   // the same, of one width at any hour
	exactHour(t time.Time) string  // 7 h 42 min 08 s, or 07:42:08
	singular(n int) bool
	marks() (decimal byte, thousands string)
	kilobytes() (kilo, mega string)
}

var paris = loadParis()

// loadParis cannot fail while time/tzdata is linked in; were it to, times
// would be shown in UTC rather than not at all.
func loadParis() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC
	}
	return zone
}

// newLanguage reads a language's texts and sets its templates in them.
func newLanguage(code Language, c conventions) (*language, error) {
	texts, err := readTexts(code)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	l := &language{conventions: c, code: code, say: &texts.said}
	if l.templates, err = parseTemplates(texts); err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	return l, nil
}

// settle makes what is the same on every page of an installation.
func (l *language) settle(w *Web) error {
	l.doors = w.site.Doors
	layout := l.templates["landing"]
	constant := struct {
		Site                *Site
		StyleHref, IconHref string
	}{&w.site, w.static.styleHref, w.static.iconHref}
	var err error
	if l.links, err = rendered(layout.Lookup("links"), constant); err != nil {
		return err
	}
	if l.footer, err = rendered(layout.Lookup("footer"), constant); err != nil {
		return err
	}
	// So that the page that tells of a failure cannot fail.
	var b bytes.Buffer
	if err := l.execute(w, &b, InternalPage{}); err != nil {
		return err
	}
	l.fallback = b.Bytes()
	return nil
}

// provider is how people know an identity provider; one that is no longer
// configured has its plain name.
func (l *language) provider(name string) string {
	for _, d := range l.doors {
		if d.Provider == name {
			return d.Label
		}
	}
	return name
}

// foreign says whether the laboratory's words are in another language than the
// page, which must then say so (WCAG 3.1.2).
func (l *language) foreign() bool { return l.code != French }

// execute fills the template of a page.
func (l *language) execute(w *Web, b *bytes.Buffer, page Page) error {
	name, base, content := page.view(l)
	t := l.templates[name]
	if t == nil {
		return fmt.Errorf("no template %q", name)
	}
	return t.Execute(b, newFrame(w, l, name, base, content))
}

// shortHour writes 07:42, for tables.
func shortHour(t time.Time) string { return t.In(paris).Format("15:04") }

// dayAndHour writes mardi 3 novembre 2026 à 18 h 12, and says so when the day
// is today: the reader compares it with their own memory (AA8.d, AA9).
func (l *language) dayAndHour(t, now time.Time) string {
	pattern := l.say.Time.DayAndHour
	if !now.IsZero() && sameDay(t, now) {
		pattern = l.say.Time.TodayAndHour
	}
	return fill(pattern, "day", l.longDay(t), "hour", l.hour(t))
}

func sameDay(a, b time.Time) bool {
	y1, m1, d1 := a.In(paris).Date()
	y2, m2, d2 := b.In(paris).Date()
	return y1 == y2 && m1 == m2 && d1 == d2
}

// moment writes a moment as precisely as its sender gave it, and no more.
func (l *language) moment(m record.Moment) string {
	if m.Precision >= record.ToMinute {
		return fill(l.say.Time.Moment, "day", l.day(m.At), "hour", shortHour(m.At))
	}
	return l.momentDay(m)
}

// momentDay is the date part of moment.
func (l *language) momentDay(m record.Moment) string {
	switch {
	case m.Precision >= record.ToDay:
		return l.day(m.At)
	case m.Precision == record.ToMonth:
		return l.dayless(m.At)
	case m.Precision == record.ToYear:
		return m.At.In(paris).Format("2006")
	}
	return ""
}

// weekdayMoment is moment with the name of the day, where the day is known.
func (l *language) weekdayMoment(m record.Moment) string {
	if m.Precision < record.ToDay {
		return l.moment(m)
	}
	return l.weekday(m.At) + nbsp + l.moment(m)
}

// minutes writes 15 minutes, 1 heure or 8 heures.
func (l *language) minutes(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return l.count(int(d/time.Hour), l.say.Time.Hours)
	}
	return l.count(int(d/time.Minute), l.say.Time.Minutes)
}
