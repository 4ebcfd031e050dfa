package web

import (
	"fmt"
	"strconv"
	"time"
)

// french is how French pages write dates, hours and numbers.
type french struct{}

var (
	shortMonths = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}
	weekdays    = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	months      = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

func (french) day(t time.Time) string       { return t.In(paris).Format("02/01/2006") }
func (french) dayInYear(t time.Time) string { return t.In(paris).Format("02/01") }
func (french) dayless(t time.Time) string   { return t.In(paris).Format("01/2006") }
func (french) weekday(t time.Time) string   { return weekdays[t.In(paris).Weekday()] }

func (french) shortMonth(t time.Time) string  { return shortMonths[t.In(paris).Month()-1] }
func (f french) shortDate(t time.Time) string { return f.day(t) }

func (french) longDay(t time.Time) string {
	t = t.In(paris)
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return weekdays[t.Weekday()] + " " + day + nbsp + months[t.Month()-1] + nbsp + strconv.Itoa(t.Year())
}

func (french) month(t time.Time) string {
	t = t.In(paris)
	return months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

func (french) hour(t time.Time) string {
	t = t.In(paris)
	return fmt.Sprintf("%d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
}

func (french) wideHour(t time.Time) string {
	t = t.In(paris)
	return fmt.Sprintf("%02d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
}

func (f french) exactHour(t time.Time) string {
	return f.hour(t) + fmt.Sprintf(nbsp+"min"+nbsp+"%02d"+nbsp+"s", t.In(paris).Second())
}

// singular: French takes it below two.
func (french) singular(n int) bool { return n < 2 }

func (french) marks() (decimal byte, thousands string) { return ',', narrowNbsp }

func (french) kilobytes() (kilo, mega string) { return "ko", "Mo" }
