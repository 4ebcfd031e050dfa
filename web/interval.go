package web

import (
	"strconv"
	"strings"
)

// interval is a reference interval whose printed form leaves no doubt. Bounds
// are decimals with a point; an open side is empty, and then the comparator
// stands before the other.
type interval struct {
	low, high  string
	comparator string // <, ≤, > or ≥
}

// parseInterval reads 4.0-10.0, 4,0 à 10,0, 80 to 95, <5, ≥ 60 and the like,
// within brackets or followed by the result's own unit. Anything else is not
// an interval: it is shown as printed and drawn nowhere.
func parseInterval(printed, unit string) (interval, bool) {
	s := strings.TrimSpace(printed)
	if n := len(s); n > 2 && (s[0] == '(' && s[n-1] == ')' || s[0] == '[' && s[n-1] == ']') {
		s = strings.TrimSpace(s[1 : n-1])
	}
	if unit != "" {
		s = strings.TrimSpace(strings.TrimSuffix(s, unit))
	}
	if comparator, rest := cutComparator(s); comparator != "" {
		bound, ok := readBound(rest)
		if comparator == "<" || comparator == "≤" {
			return interval{high: bound, comparator: comparator}, ok
		}
		return interval{low: bound, comparator: comparator}, ok
	}
	for _, separator := range []string{" à ", " to ", "–", "-"} {
		if in, ok := splitInterval(s, separator); ok {
			return in, true
		}
	}
	return interval{}, false
}

// splitInterval tries every place of the separator, since a minus sign may be
// one of them.
func splitInterval(s, separator string) (interval, bool) {
	for from := 0; ; {
		i := strings.Index(s[from:], separator)
		if i < 0 {
			return interval{}, false
		}
		i += from
		low, okLow := readBound(s[:i])
		high, okHigh := readBound(s[i+len(separator):])
		if okLow && okHigh && value(low) < value(high) {
			return interval{low: low, high: high}, true
		}
		from = i + len(separator)
	}
}

// cutComparator takes the comparator off the front of s, in its printed form.
func cutComparator(s string) (comparator, rest string) {
	for _, c := range [...]struct{ sent, printed string }{
		{"<=", "≤"}, {">=", "≥"}, {"≤", "≤"}, {"≥", "≥"}, {"<", "<"}, {">", ">"},
	} {
		if rest, found := strings.CutPrefix(s, c.sent); found {
			return c.printed, rest
		}
	}
	return "", s
}

// readBound reads one bound. A comma before exactly three digits may stand
// between thousands as well as before decimals: it is in doubt, so refused.
func readBound(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if whole, fraction, comma := strings.Cut(s, ","); comma {
		if len(fraction) == 3 || strings.Contains(s, ".") {
			return "", false
		}
		s = whole + "." + fraction
	}
	return s, isDecimal(s)
}

// value is the number that a decimal stands for.
func value(decimal string) float64 {
	v, _ := strconv.ParseFloat(decimal, 64) // isDecimal has been asked before
	return v
}

// interval writes 4,0 à 10,0 or < 10 000.
func (l *language) interval(in interval) string {
	if in.comparator != "" {
		return in.comparator + nbsp + l.number(in.low+in.high)
	}
	return fill(l.say.Result.Range, "low", l.number(in.low), "high", l.number(in.high))
}

// reference writes the interval of one result: a plain interval in words,
// anything else as printed, with the decimal marks of the page.
func (l *language) reference(printed, unit string) (shown string, in interval, known bool) {
	if in, known = parseInterval(printed, unit); known {
		return l.interval(in), in, true
	}
	return spaceComparator(l.decimals(printed)), in, false
}

// spaceComparator writes <5 as < 5 and >=5 as ≥ 5.
func spaceComparator(s string) string {
	comparator, rest := cutComparator(s)
	if comparator == "" {
		return s
	}
	return comparator + nbsp + strings.TrimLeft(rest, " ")
}
