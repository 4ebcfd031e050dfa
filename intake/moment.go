package intake

import (
	"strings"
	"time"

	"guichet/record"
)

// moment reads an HL7 time (TS, DTM): YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ].
// Without an offset it is in zone. An hour without minutes counts as a day:
// record has no such precision, and more must not be claimed.
func moment(text string, zone *time.Location) (record.Moment, bool) {
	digits, fraction, zone, ok := splitTime(text, zone)
	if !ok {
		return record.Moment{}, false
	}
	var precision record.Precision
	switch len(digits) {
	case 4:
		precision = record.ToYear
	case 6:
		precision = record.ToMonth
	case 8, 10:
		precision = record.ToDay
	case 12:
		precision = record.ToMinute
	case 14:
		precision = record.ToSecond
	default:
		return record.Moment{}, false
	}
	full := digits + "00000101000000"[len(digits):]
	stated, err := time.Parse("20060102150405", full)
	if err != nil || stated.Year() == 0 {
		return record.Moment{}, false
	}
	year, month, day := stated.Date()
	hour, minute, second := stated.Clock()
	return record.Moment{At: time.Date(year, month, day, hour, minute, second, fraction, zone), Precision: precision}, true
}

// splitTime takes an HL7 time apart: its digits, its fraction in nanoseconds,
// its zone.
func splitTime(text string, zone *time.Location) (digits string, nanoseconds int, _ *time.Location, ok bool) {
	digits = text
	if i := strings.IndexAny(text, "+-"); i >= 0 {
		digits = text[:i]
		stated, err := time.Parse("-0700", text[i:])
		if err != nil {
			return "", 0, nil, false
		}
		_, offset := stated.Zone()
		zone = time.FixedZone("", offset)
	}
	digits, fraction, fractioned := strings.Cut(digits, ".")
	if !isDigits(digits) || fractioned && (len(digits) != 14 || len(fraction) > 9 || !isDigits(fraction)) {
		return "", 0, nil, false
	}
	for _, c := range fraction + "000000000"[len(fraction):] {
		nanoseconds = nanoseconds*10 + int(c-'0')
	}
	return digits, nanoseconds, zone, true
}

// isUnstated reports whether text is no time: nothing, or the zeros that some
// send for nothing.
func isUnstated(text string) bool { return strings.Trim(text, "0") == "" }

func isDigits(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// moment reads the time in field n of s, which may be empty.
func (s *segment) moment(n int, zone *time.Location) (record.Moment, *Problem) {
	text := s.field(n).component(1).subcomponent(1).text()
	if isUnstated(text) {
		return record.Moment{}, nil
	}
	m, ok := moment(text, zone)
	if !ok {
		return record.Moment{}, s.problem(ReasonTime, n)
	}
	return m, nil
}

// isTime reports whether text is a time as HL7 writes it.
func isTime(text string) bool {
	_, ok := moment(text, time.UTC)
	return ok
}

// printTime writes a date, a time or both that is itself a result, in the
// order of ISO 8601 and with its own digits and offset; what is no time comes
// back as it is, and so does a year or a month with an offset, which is more
// likely a date written otherwise.
func printTime(text string) string {
	clock, offset := text, ""
	if i := strings.IndexAny(text, "+-"); i >= 0 {
		clock, offset = text[:i], " "+text[i:]
	}
	if !isTime(text) || offset != "" && len(clock) < 8 {
		return text
	}
	date, clock := clock[:min(len(clock), 8)], clock[min(len(clock), 8):]
	printed := insert(date, '-', 4, 6)
	if clock != "" {
		printed += " " + insert(clock, ':', 2, 4)
	}
	return printed + offset
}

// printClock writes a time of day in the same way: it is one of any day.
func printClock(text string) string {
	if printed, ok := strings.CutPrefix(printTime("20000101"+text), "2000-01-01 "); ok {
		return printed
	}
	return text
}

func insert(digits string, mark byte, at ...int) string {
	var b strings.Builder
	for i := range len(digits) {
		for _, n := range at {
			if i == n {
				b.WriteByte(mark)
			}
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}
