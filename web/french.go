package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without a zone database shows the same times

	"guichet/record"
)

// How French pages write dates, hours, numbers and sizes. Every time is that
// of Paris, whatever the machine's own zone.

const (
	nbsp       = "\u00a0" // before : and units, within an hour
	narrowNbsp = "\u202f" // between thousands
)

var (
	weekdays = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	months   = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

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

// shortDay writes 17/11/2026.
func shortDay(t time.Time) string { return t.In(paris).Format("02/01/2006") }

// shortHour writes 07:42, for tables.
func shortHour(t time.Time) string { return t.In(paris).Format("15:04") }

// hour writes 7 h 42, for sentences.
func hour(t time.Time) string {
	t = t.In(paris)
	return fmt.Sprintf("%d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
}

// wideHour writes 07 h 42, where the width must not change with the hour.
func wideHour(t time.Time) string {
	t = t.In(paris)
	return fmt.Sprintf("%02d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
}

// exactHour writes 10 h 33 min 08 s.
func exactHour(t time.Time) string {
	return hour(t) + fmt.Sprintf(nbsp+"min"+nbsp+"%02d"+nbsp+"s", t.In(paris).Second())
}

// longDay writes mardi 3 novembre 2026.
func longDay(t time.Time) string {
	t = t.In(paris)
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return weekdays[t.Weekday()] + " " + day + nbsp + months[t.Month()-1] + nbsp + strconv.Itoa(t.Year())
}

// month writes novembre 2026.
func month(t time.Time) string {
	t = t.In(paris)
	return months[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// dayAndHour writes mardi 3 novembre 2026 à 18 h 12, and says so when the day
// is today: the reader compares it with their own memory (AA8.d, AA9).
func dayAndHour(t, now time.Time) string {
	if !now.IsZero() && sameDay(t, now) {
		return "aujourd’hui, " + longDay(t) + ", à" + nbsp + hour(t)
	}
	return longDay(t) + " à" + nbsp + hour(t)
}

func sameDay(a, b time.Time) bool {
	y1, m1, d1 := a.In(paris).Date()
	y2, m2, d2 := b.In(paris).Date()
	return y1 == y2 && m1 == m2 && d1 == d2
}

// moment writes a moment as precisely as its sender gave it, and no more.
func moment(m record.Moment) string {
	switch m.Precision {
	case record.ToYear:
		return m.At.In(paris).Format("2006")
	case record.ToMonth:
		return m.At.In(paris).Format("01/2006")
	case record.ToDay:
		return shortDay(m.At)
	case record.ToMinute, record.ToSecond:
		return shortDay(m.At) + " à" + nbsp + shortHour(m.At)
	}
	return ""
}

// weekdayMoment is moment with the name of the day, where the day is known.
func weekdayMoment(m record.Moment) string {
	if m.Precision < record.ToDay {
		return moment(m)
	}
	return weekdays[m.At.In(paris).Weekday()] + nbsp + moment(m)
}

// momentDay is the date part of moment.
func momentDay(m record.Moment) string {
	if m.Precision > record.ToDay {
		m.Precision = record.ToDay
	}
	return moment(m)
}

// minutes writes 15 minutes, 1 heure or 8 heures.
func minutes(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return count(int(d/time.Hour), "heure", "heures")
	}
	return count(int(d/time.Minute), "minute", "minutes")
}

// count writes a number with its noun; French takes the singular below two.
func count(n int, one, many string) string {
	if n < 2 {
		return strconv.Itoa(n) + nbsp + one
	}
	return strconv.Itoa(n) + nbsp + many
}

// fileSize writes 184 ko or 1,2 Mo.
func fileSize(n int) string {
	switch {
	case n < 1000:
		return count(n, "octet", "octets")
	case n < 1_000_000:
		return strconv.Itoa((n+500)/1000) + nbsp + "ko"
	}
	return strings.Replace(strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64), ".", ",", 1) + nbsp + "Mo"
}

// number writes the digits of a decimal as the laboratory gave them, 5.30 as
// 5,30 and 180000 as 180 000. What is not a plain decimal stays as it is.
func number(digits string) string {
	if !isDecimal(digits) {
		return digits
	}
	sign := ""
	if digits[0] == '+' || digits[0] == '-' {
		sign, digits = digits[:1], digits[1:]
	}
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	if hasFraction {
		fraction = "," + fraction
	}
	if len(whole) < 4 || whole[0] == '0' {
		return sign + whole + fraction
	}
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(narrowNbsp)
		}
		b.WriteRune(r)
	}
	return sign + b.String() + fraction
}

// isDecimal accepts an optional sign, digits and at most one decimal point
// between digits, as HL7 writes a number; nothing longer than a laboratory
// prints.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	return isDigits(whole) && (!hasFraction || isDigits(fraction)) && len(s) <= 18
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// decimalCommas gives the decimal numbers within a text their comma; dotted
// codes and dates, as 1.2.3 or 17.11.2026, are left alone.
func decimalCommas(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		end := i
		for end < len(b) && (b[end] == '.' || b[end] >= '0' && b[end] <= '9') {
			end++
		}
		if dot := strings.IndexByte(s[i:end], '.'); isDecimal(s[i:end]) && dot > 0 {
			b[i+dot] = ','
		}
		i = end + 1
	}
	return string(b)
}

// dialled is a telephone number as a device dials it: 01 99 00 55 00 is
// +33199005500.
func dialled(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, phone)
	if len(digits) == 10 && digits[0] == '0' {
		return "+33" + digits[1:]
	}
	return digits
}
