package web

import "guichet/record"

// marker is the shape that stands for a result on its number line. It follows
// the laboratory's flag, never the position: Guichet does not judge.
type marker int

const (
	within marker = iota // a circle
	above                // a triangle pointing up
	below                // a triangle pointing down
)

// A number line is 240 units wide; the band of a closed interval takes the
// middle of it, an open one reaches its end.
const (
	lineStart   = 6.0
	lineEnd     = 234.0
	bandStart   = 65.7
	bandEnd     = 174.3
	upperBound  = 126.0 // of an interval open below
	lowerBound  = 90.0  // of an interval open above
	boundToZero = 120.0 // from the bound of an open interval to zero, or to its double
)

// numberLine places a result, and the one before it, against the interval
// printed with it. It decorates: the row says all of it in words.
type numberLine struct {
	bandFrom, bandTo float64
	at               float64
	previous         float64
	hasPrevious      bool
}

// drawLine returns the number line of a result, where its value and interval
// are numbers beyond doubt.
func drawLine(o *record.Observation, in interval) (numberLine, bool) {
	if o.Value.Kind != record.Numeric || !isDecimal(o.Value.Text) {
		return numberLine{}, false
	}
	line, along, ok := scale(in)
	if !ok {
		return numberLine{}, false
	}
	place := func(v float64) float64 { return min(max(along(v), lineStart), lineEnd) }
	line.at = place(value(o.Value.Text))
	if len(o.Previous) > 0 {
		// An earlier result has its place here only if it was measured against
		// the same interval in the same unit.
		p := &o.Previous[0]
		if p.Value.Kind == record.Numeric && isDecimal(p.Value.Text) && p.Unit == o.Unit && p.Reference == o.Reference {
			line.previous, line.hasPrevious = place(value(p.Value.Text)), true
		}
	}
	return line, true
}

// scale returns the line with its band, and where along it a value belongs:
// for a value far out, beyond its end.
func scale(in interval) (line numberLine, along func(float64) float64, ok bool) {
	switch low, high := value(in.low), value(in.high); {
	case in.low != "" && in.high != "":
		line.bandFrom, line.bandTo = bandStart, bandEnd
		along = func(v float64) float64 { return bandStart + (v-low)/(high-low)*(bandEnd-bandStart) }
	case high > 0:
		line.bandFrom, line.bandTo = lineStart, upperBound
		along = func(v float64) float64 { return upperBound + (v-high)/high*boundToZero }
	case low > 0:
		line.bandFrom, line.bandTo = lowerBound, lineEnd
		along = func(v float64) float64 { return lowerBound + (v-low)/low*boundToZero }
	}
	return line, along, along != nil
}

// write draws the line. Colours and strokes are the style sheet's.
func (l numberLine) write(m *markup, v verdict) {
	m.raw(`<svg class="nl" viewBox="0 0 240 24" aria-hidden="true"><path class="nl-band" d="M`)
	m.coordinate(l.bandFrom)
	m.raw(` 5H`)
	m.coordinate(l.bandTo)
	m.raw(`V19H`)
	m.coordinate(l.bandFrom)
	m.raw(`z"/>`)
	if l.hasPrevious {
		m.raw(`<circle class="nl-prev" cx="`)
		m.coordinate(l.previous)
		m.raw(`" cy="12" r="4"/>`)
	}
	switch v.marker {
	case above:
		m.raw(`<path class="nl-pt `)
		m.raw(v.class)
		m.raw(`" d="M`)
		m.coordinate(l.at)
		m.raw(` 5l7.7 13h-15.4z"/>`)
	case below:
		m.raw(`<path class="nl-pt `)
		m.raw(v.class)
		m.raw(`" d="M`)
		m.coordinate(l.at)
		m.raw(` 19l7.7-13h-15.4z"/>`)
	default:
		m.raw(`<circle class="nl-pt in" cx="`)
		m.coordinate(l.at)
		m.raw(`" cy="12" r="7"/>`)
	}
	m.raw(`</svg>`)
}
