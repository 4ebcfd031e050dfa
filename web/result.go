package web

import (
	"strings"
	"time"

	"guichet/record"
)

// What one result says, before it is set in a row.

// codeOf is the code a row is found by: the LOINC code, else the sender's own.
func codeOf(o *record.Observation) record.Code {
	if o.Code.Value == "" {
		return o.Local
	}
	return o.Code
}

// nameOf is what the laboratory calls the analysis.
func (l *language) nameOf(o *record.Observation) string {
	for _, name := range []string{o.Name, o.Code.Text, o.Local.Text, codeOf(o).Value} {
		if name != "" {
			return name
		}
	}
	return l.say.Result.Unnamed
}

// rawValue is a value as sent, for scripts: a multi-line text stands once, in
// the cell itself.
func rawValue(v record.Value) string {
	switch {
	case v.Kind == record.Coded && v.Code.Value != "":
		return v.Code.Value
	case v.Kind == record.Text && strings.Contains(v.Text, "\n"):
		return ""
	}
	return v.Text
}

// shownValue is a value as the page writes it, and the class it is set in.
func (l *language) shownValue(o *record.Observation) (shown string, class literal) {
	switch shown = l.valueText(o.Value); {
	case shown == "" && o.Status == record.Cancelled:
		return l.say.Result.Cancelled, "val none"
	case shown == "" && (o.Status == record.Registered || o.Status == record.Partial || o.Status == record.Preliminary):
		return l.say.Result.Pending, "val none"
	case shown == "":
		return l.say.Result.None, "val none"
	case o.Value.Kind == record.Numeric || o.Value.Kind == record.Structured:
		return shown, "val"
	}
	return shown, "val txt"
}

// valueText writes a value: digits are kept, only their marks are the page's.
func (l *language) valueText(v record.Value) string {
	switch v.Kind {
	case record.Numeric:
		return l.number(v.Text)
	case record.Structured:
		return l.structured(v.Text)
	case record.Coded:
		if v.Text == "" {
			if v.Code.Text == "" {
				return v.Code.Value
			}
			return v.Code.Text
		}
	case record.Text:
		if date, ok := l.date(v.Text); ok {
			return date
		}
	}
	return v.Text
}

// structured writes <0.5 as < 0,5 and the titre 1:80 as 1/80.
func (l *language) structured(s string) string {
	s = spaceComparator(l.decimals(s))
	if numerator, denominator, ratio := strings.Cut(s, ":"); ratio && isDigits(numerator) && isDigits(denominator) {
		return numerator + "/" + denominator
	}
	return s
}

// isNarrative says whether a result is a text that nothing is compared with: a
// conclusion, say, over several lines.
func isNarrative(o *record.Observation) bool {
	const long = 80 // characters; a shorter text fits the columns of a value
	if o.Value.Kind != record.Text || o.Unit != "" || o.Reference != "" || len(o.Flags) > 0 || len(o.Previous) > 0 {
		return false
	}
	return len(o.Value.Text) > long || strings.Contains(o.Value.Text, "\n")
}

// flagExpected says whether the absence of a flag tells the reader something:
// not for a result that is not there.
func flagExpected(o *record.Observation) bool {
	return o.Status != record.Cancelled && !isEmpty(o.Value)
}

// isSusceptibility says whether a result is a line of an antibiogram.
func (l *language) isSusceptibility(o *record.Observation) bool {
	for _, flag := range o.Flags {
		if l.say.Flag.susceptibilityVerdict(flag).letter {
			return true
		}
	}
	return false
}

// isEmpty says whether there is nothing to show of a value.
func isEmpty(v record.Value) bool {
	return v.Text == "" && (v.Kind != record.Coded || v.Code.Text == "" && v.Code.Value == "")
}

// date writes a text that is a date, or two of them, as the page writes dates:
// intake prints what was sent as a time in the order of ISO 8601. The hour is
// the laboratory's own, wherever it is.
func (l *language) date(text string) (shown string, ok bool) {
	if len(text) < len(time.DateOnly) || text[4] != '-' || !isDigits(text[:4]) {
		return "", false
	}
	if from, to, both := strings.Cut(text, " – "); both {
		shownFrom, okFrom := l.date(from)
		shownTo, okTo := l.date(to)
		return shownFrom + " – " + shownTo, okFrom && okTo
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, paris); err == nil {
		return l.day(at), true
	}
	for _, layout := range []string{"2006-01-02 15:04", time.DateTime, "2006-01-02 15:04 -0700", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, paris)
			return fill(l.say.Time.Moment, "day", l.day(at), "hour", shortHour(at)), true
		}
	}
	return "", false
}

// inFrench says whether a value is of words in another language than the page.
func (l *language) inFrench(v record.Value) bool {
	if !l.foreign() || v.Kind != record.Text && v.Kind != record.Coded {
		return false
	}
	_, isDate := l.date(v.Text)
	return !isDate
}
