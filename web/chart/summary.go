package chart

import "math"

// Direction is how the last three values went.
type Direction int

const (
	Undetermined Direction = iota // fewer than three that can be compared
	Flat
	Up
	Down
	Mixed
)

// Relation is where a value lies against the interval printed with it, by
// arithmetic alone. The laboratory's flag (Place) is what is shown; where the
// two disagree, a sentence says neither more nor less than the laboratory.
type Relation int

const (
	Unrelated    Relation = iota // no interval, or a value beyond the measuring limit that may lie on either side
	InsideBounds                 // bounds included, unless Interval.Exclusive
	BelowLow
	AboveHigh
)

// Summary holds the figures of the sentence above a chart.
type Summary struct {
	Count    int // results drawn
	Censored int // of these, beyond the measuring limit
	In       int // flagged within their interval
	Out      int // flagged above, below, abnormal or critical
	First    Point
	Last     Point
	Against  Relation // of the last
	Trend    Direction
	Over     []Point // the three that Trend speaks of, oldest first; none if undetermined
}

func summarise(samples []sample) Summary {
	last := &samples[len(samples)-1]
	s := Summary{Count: len(samples), First: samples[0].Point, Last: last.Point, Against: last.relation()}
	for i := range samples {
		if samples[i].censored() {
			s.Censored++
		}
		if samples[i].out() {
			s.Out++
		} else if samples[i].Place == Within {
			s.In++
		}
	}
	if three := lastThree(samples); three != nil {
		s.Trend = direction(three)
		for _, sample := range three {
			s.Over = append(s.Over, sample.Point)
		}
	}
	return s
}

// relation compares a value with its own bounds.
func (s *sample) relation() Relation {
	if !s.low.known && !s.high.known {
		return Unrelated
	}
	switch s.Comparator {
	case "":
		return s.relationOfNumber()
	case "<", "≤":
		return s.relationBelow(s.Comparator == "<")
	}
	return s.relationAbove(s.Comparator == ">")
}

func (s *sample) relationOfNumber() Relation {
	switch {
	case s.high.known && (s.value > s.high.value || s.value == s.high.value && s.Interval.Exclusive):
		return AboveHigh
	case s.low.known && (s.value < s.low.value || s.value == s.low.value && s.Interval.Exclusive):
		return BelowLow
	}
	return InsideBounds
}

// relationBelow places a true value that lies below the one printed, or at it
// unless strictly. An interval from zero is one of amounts, which end there.
func (s *sample) relationBelow(strictly bool) Relation {
	switch {
	case s.low.known && (s.value < s.low.value || s.value == s.low.value && (strictly || s.Interval.Exclusive)):
		return BelowLow
	case s.low.known && (s.low.value != 0 || s.Interval.Exclusive):
		return Unrelated
	case s.high.known && (s.value > s.high.value || s.value == s.high.value && !strictly && s.Interval.Exclusive):
		return Unrelated
	}
	return InsideBounds
}

// relationAbove is the other side.
func (s *sample) relationAbove(strictly bool) Relation {
	switch {
	case s.high.known && (s.value > s.high.value || s.value == s.high.value && (strictly || s.Interval.Exclusive)):
		return AboveHigh
	case s.high.known:
		return Unrelated
	case s.value < s.low.value || s.value == s.low.value && !strictly && s.Interval.Exclusive:
		return Unrelated
	}
	return InsideBounds
}

// lastThree returns the last three results where all can be compared as
// numbers: none beyond the measuring limit, no break between them, each later
// than the one before.
func lastThree(samples []sample) []sample {
	if len(samples) < 3 {
		return nil
	}
	three := samples[len(samples)-3:]
	for i := range three {
		if three[i].censored() || three[i].Break != three[0].Break {
			return nil
		}
		if i > 0 && three[i].at() <= three[i-1].at() {
			return nil
		}
	}
	return three
}

// direction compares what lies between the greatest and the least of three
// values with a tolerance; beyond it, they go up or down if no step turns back
// by more than the last printed digit can explain.
func direction(three []sample) Direction {
	a, b, c := three[0].value, three[1].value, three[2].value
	digit := 0.0 // each value is rounded by up to half of its last digit
	for i := range three {
		_, decimals, _ := readDecimal(three[i].Value)
		digit = max(digit, math.Pow10(-decimals))
	}
	const slack = 1 + 1e-9 // what floating point adds to a difference of decimals
	digit *= slack
	spread := max(a, b, c) - min(a, b, c)
	switch {
	case spread <= max(digit, tolerance(&three[2])*slack):
		return Flat
	case b-a >= -digit && c-b >= -digit:
		return Up
	case b-a <= digit && c-b <= digit:
		return Down
	}
	return Mixed
}

// tolerance is the difference that is called no change. A reference interval
// spans about four standard deviations of the values of healthy people; a tenth
// of it is 0.4 of one, which is about what an assay fit for that interval
// scatters by when nothing has changed. An open interval, or none, gives no
// width: then a twentieth of the bound, or of the value. It is a convention
// for a sentence, and no clinical judgement.
func tolerance(s *sample) float64 {
	switch {
	case s.low.known && s.high.known:
		return (s.high.value - s.low.value) / 10
	case s.high.known:
		return math.Abs(s.high.value) / 20
	case s.low.known:
		return math.Abs(s.low.value) / 20
	}
	return math.Abs(s.value) / 20
}
