package chart

import (
	"math"
	"strconv"
	"strings"
)

// valueAxis holds the values that are drawn between two round numbers. A tick
// is a whole multiple of mantissa × 10^exponent, kept as an integer so that
// its label is exact.
type valueAxis struct {
	low, high   float64
	first, last int64 // ticks
	mantissa    int64 // 1, 2 or 5
	exponent    int
	top, bottom float64 // where high and low are drawn
}

// newValueAxis chooses the ends and the ticks of the axis.
func newValueAxis(samples []sample, mostSteps int) *valueAxis {
	low, high, finest := valueRange(samples)
	a := &valueAxis{mantissa: 1, exponent: finest}
	for (high-low)/a.step() > float64(mostSteps) {
		switch a.mantissa {
		case 1:
			a.mantissa = 2
		case 2:
			a.mantissa = 5
		default:
			a.mantissa, a.exponent = 1, a.exponent+1
		}
	}
	const slack = 1e-9 // of a step: what floating point adds to a round number
	a.first = int64(math.Floor(low/a.step() + slack))
	a.last = int64(math.Ceil(high/a.step() - slack))
	a.low, a.high = min(low, float64(a.first)*a.step()), max(high, float64(a.last)*a.step())
	return a
}

func (a *valueAxis) step() float64 { return float64(a.mantissa) * math.Pow10(a.exponent) }

// valueRange returns what the axis must hold, and the power of ten of the
// finest digit that was printed: ticks are not finer than the results.
func valueRange(samples []sample) (low, high float64, finest int) {
	low, high = math.Inf(1), math.Inf(-1)
	closed, capped, decimals := false, false, 0
	for i := range samples {
		s := &samples[i]
		low, high = min(low, s.value), max(high, s.value)
		if s.low.known {
			low, high = min(low, s.low.value), max(high, s.low.value)
		}
		if s.high.known {
			low, high = min(low, s.high.value), max(high, s.high.value)
		}
		closed = closed || s.low.known && s.high.known
		capped = capped || s.high.known && !s.low.known
		decimals = max(decimals, s.decimals)
	}
	if capped {
		low = min(low, 0)
	}
	positive, greatest := low >= 0, max(math.Abs(low), math.Abs(high))
	finest = -decimals
	if greatest > 0 {
		// Floating point tells apart some 15 digits; the axis asks for 12.
		finest = max(finest, int(math.Floor(math.Log10(greatest)))-12)
	}
	// Never exaggerate (see the package comment): without a closed interval
	// the axis spans at least half of the greatest value.
	least := 4 * math.Pow10(finest)
	if !closed {
		least = max(least, greatest/2)
	}
	if lack := least - (high - low); lack > 0 {
		low, high = low-lack/2, high+lack/2
	}
	margin := (high - low) / 10
	low, high = low-margin, high+margin
	if positive && low < 0 {
		low = 0 // an amount below zero does not exist
	}
	return low, high, finest
}

// margin returns where the plot begins, right of the widest number.
func (a *valueAxis) margin(least float64, labels Labels) float64 {
	widest := 0.0
	for tick := a.first; tick <= a.last; tick++ {
		widest = max(widest, textWidth(labels.Number(a.decimal(tick)), FontSize))
	}
	return math.Ceil(max(least, widest+12))
}

// decimal writes a tick with the decimals that the step needs.
func (a *valueAxis) decimal(tick int64) string {
	digits := strconv.FormatInt(max(tick, -tick)*a.mantissa, 10)
	switch {
	case tick == 0 && a.exponent >= 0:
	case a.exponent > 0:
		digits += strings.Repeat("0", a.exponent)
	case a.exponent < 0:
		if missing := 1 - a.exponent - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		point := len(digits) + a.exponent
		digits = digits[:point] + "." + digits[point:]
	}
	if tick < 0 {
		return "-" + digits
	}
	return digits
}

// lay gives the axis its place, drawn in where a marker would cross an edge.
func (a *valueAxis) lay(plot Box, reach float64, samples []sample) {
	a.top, a.bottom = plot.Top, plot.Bottom
	crossTop, crossBottom := false, false
	for i := range samples {
		y := a.y(samples[i].value)
		crossTop = crossTop || y < plot.Top+reach
		crossBottom = crossBottom || y > plot.Bottom-reach
	}
	if crossTop {
		a.top += reach
	}
	if crossBottom {
		a.bottom -= reach
	}
}

func (a *valueAxis) y(value float64) float64 {
	return a.bottom - (value-a.low)/(a.high-a.low)*(a.bottom-a.top)
}

func (a *valueAxis) ticks(plot Box, labels Labels) []ValueTick {
	ticks := make([]ValueTick, 0, a.last-a.first+1)
	for tick := a.first; tick <= a.last; tick++ {
		y := tenth(a.y(float64(tick) * a.step()))
		const toMiddle = 5 // from the middle of a digit to its base line
		label := Text{X: plot.Left - 8, Y: tenth(y + toMiddle), Class: "end", Words: labels.Number(a.decimal(tick))}
		ticks = append(ticks, ValueTick{Y: y, Label: label})
	}
	return ticks
}
