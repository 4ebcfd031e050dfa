package chart

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Precision says how much of a sampling time is known. Its values are those of
// record.Precision, so that one converts to the other.
type Precision int

const (
	Unstated Precision = iota // no time at all: the point is left out
	ToYear
	ToMonth
	ToDay
	ToMinute
	ToSecond
)

// Place is where the laboratory's flag puts a result. It is not computed: the
// flag is the laboratory's, and a chart that judged by itself could contradict
// it.
type Place int

const (
	Unflagged Place = iota // no flag, or one that says nothing of an interval
	Within
	Above
	Below
	Abnormal // out, but to no side
)

// Interval is the reference interval printed with one result. Bounds are
// decimals with a point; an open side is empty. A bound that is not a decimal
// counts as open, and an interval upside down as none.
type Interval struct {
	Low, High string
	Exclusive bool // the bound itself is outside, as 5 is of "<5"
}

// A Point is one result of a trend.
type Point struct {
	At        time.Time
	Precision Precision

	Value      string // decimal as printed, with a point: 5.30
	Comparator string // <, ≤, > or ≥ before a value beyond the measuring limit
	Unit       string // as a key: equal units are spelled alike
	Interval   Interval

	Break     string // what must not change for results to be compared: method, analyser, laboratory
	Place     Place
	Critical  bool // the laboratory says very far out
	Corrected bool

	Label  string // written at the marker: 5,30
	Spoken string // for a screen reader: date, value, unit, place
	Anchor string // of the row in the table
}

// censored reports whether the value is only a bound of the true one.
func (p *Point) censored() bool { return p.Comparator != "" }

// out reports whether the laboratory flagged the value.
func (p *Point) out() bool {
	return p.Place == Above || p.Place == Below || p.Place == Abnormal || p.Critical
}

// bound is one side of an interval that can be drawn.
type bound struct {
	value float64
	known bool
}

// A sample is a point that can be drawn, with its text read.
type sample struct {
	Point
	value     float64
	decimals  int // printed, in the value and its bounds
	low, high bound
	from, to  float64 // seconds since 1970 between which it was taken
}

// at is where the sample stands in time.
func (s *sample) at() float64 { return s.from + (s.to-s.from)/2 }

const (
	firstYear, lastYear = 1900, 2199
	greatestValue       = 1e12
	mostDecimals        = 9
)

// readSamples returns what can be drawn, oldest first.
func readSamples(points []Point, location *time.Location) []sample {
	samples := make([]sample, 0, len(points))
	for i := range points {
		if s, ok := readSample(points[i], location); ok {
			samples = append(samples, s)
		}
	}
	slices.SortFunc(samples, compareSamples)
	return samples
}

func readSample(p Point, location *time.Location) (sample, bool) {
	s := sample{Point: p}
	var ok bool
	if s.from, s.to, ok = takenBetween(p.At.In(location), p.Precision); !ok {
		return sample{}, false
	}
	if s.value, s.decimals, ok = readDecimal(p.Value); !ok {
		return sample{}, false
	}
	var low, high int
	s.low.value, low, s.low.known = readDecimal(p.Interval.Low)
	s.high.value, high, s.high.known = readDecimal(p.Interval.High)
	if s.low.known && s.high.known && s.low.value > s.high.value {
		s.low, s.high, low, high = bound{}, bound{}, 0, 0
	}
	s.decimals = max(s.decimals, low, high)
	return s, true
}

// takenBetween returns the seconds between which a sample was taken.
func takenBetween(at time.Time, precision Precision) (from, to float64, ok bool) {
	year, month, day := at.Date()
	if precision <= Unstated || precision > ToSecond || year < firstYear || year > lastYear {
		return 0, 0, false
	}
	on := func(year int, month time.Month, day int) float64 {
		return seconds(midnight(year, month, day, at.Location()))
	}
	switch precision {
	case ToYear:
		return on(year, 1, 1), on(year+1, 1, 1), true
	case ToMonth:
		return on(year, month, 1), on(year, month+1, 1), true
	case ToDay:
		return on(year, month, day), on(year, month, day+1), true
	}
	return seconds(at), seconds(at), true
}

// seconds is exact to the microsecond over the years that are drawn.
func seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond()/1000)/1e6 }

// readDecimal reads digits with at most one point and a sign: no exponent, no
// infinity, no NaN.
func readDecimal(text string) (value float64, decimals int, ok bool) {
	digits := text
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	whole, fraction, pointed := strings.Cut(digits, ".")
	if !isDigits(whole) || pointed && !isDigits(fraction) {
		return 0, 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(value) >= greatestValue {
		return 0, 0, false
	}
	return value + 0, min(len(fraction), mostDecimals), true // + 0 turns -0 into 0
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// compareSamples is a total order, so that the order of the input never shows.
func compareSamples(a, b sample) int {
	return cmp.Or(
		cmp.Compare(a.at(), b.at()),
		cmp.Compare(a.from, b.from),
		cmp.Compare(a.Break, b.Break),
		cmp.Compare(a.value, b.value),
		cmp.Compare(a.Value, b.Value),
		cmp.Compare(a.Comparator, b.Comparator),
		cmp.Compare(a.Interval.Low, b.Interval.Low),
		cmp.Compare(a.Interval.High, b.Interval.High),
		compareBools(a.Interval.Exclusive, b.Interval.Exclusive),
		cmp.Compare(a.Place, b.Place),
		compareBools(a.Critical, b.Critical),
		compareBools(a.Corrected, b.Corrected),
		cmp.Compare(a.Label, b.Label),
		cmp.Compare(a.Spoken, b.Spoken),
		cmp.Compare(a.Anchor, b.Anchor),
		cmp.Compare(a.Unit, b.Unit),
		cmp.Compare(a.Precision, b.Precision),
		a.At.Compare(b.At),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// byUnit parts samples by unit, the unit of the newest sample first. Each part
// keeps its order.
func byUnit(samples []sample) [][]sample {
	var units []string // newest first
	parts := make(map[string][]sample)
	for i := len(samples) - 1; i >= 0; i-- {
		if _, seen := parts[samples[i].Unit]; !seen {
			units = append(units, samples[i].Unit)
			parts[samples[i].Unit] = nil
		}
	}
	for _, s := range samples {
		parts[s.Unit] = append(parts[s.Unit], s)
	}
	ordered := make([][]sample, len(units))
	for i, unit := range units {
		ordered[i] = parts[unit]
	}
	return ordered
}
