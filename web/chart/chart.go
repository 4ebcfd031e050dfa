package chart

import (
	"math"
	"time"
)

// Size is one of the two drawings of a chart.
type Size int

const (
	Wide Size = iota // for a desk: 900 units wide
	Slim             // for a telephone: 330 units wide
)

// Heights of text, in units of the drawing. The style sheet sets them.
const (
	FontSize  = 15.0 // of axes and breaks
	LabelSize = 16.0 // of the value at a marker, in a heavier weight

	smallestText = 11.0 // px, under which no text may fall
)

// measures are the lengths that differ between the sizes.
type measures struct {
	width, height       float64
	left, right         float64 // margins; the left one grows with the numbers of the axis
	valueSteps          int     // most steps of the axis of values
	timeLabels          int     // most labels of the axis of time
	hit                 float64 // radius of the area that can be clicked
	crowded             int     // number of points above which markers shrink
	belowAxis, belowRow float64 // under the plot: for one row of labels, and for a second
}

func (s Size) measures() measures {
	if s == Slim {
		return measures{width: 330, height: 320, left: 40, right: 16, valueSteps: 7, timeLabels: 8, hit: 15, crowded: 20, belowAxis: 36, belowRow: 20}
	}
	return measures{width: 900, height: 380, left: 52, right: 24, valueSteps: 8, timeLabels: 16, hit: 20, crowded: 60, belowAxis: 40, belowRow: 20}
}

// SmallestWidth is how wide the drawing must at least be shown, in px, for its
// text to stay at 11 px or more.
func (s Size) SmallestWidth() float64 {
	return math.Ceil(s.measures().width * smallestText / FontSize)
}

// TimeForm is what an axis writes of a time.
type TimeForm int

const (
	Year         TimeForm = iota // 2026
	Month                        // nov.
	MonthAndYear                 // nov. 2026
	Day                          // 17
	Date                         // 17/11/2026
	Hour                         // 7 h 42
)

// Labels writes what an axis says, in the reader's language. What is nil is
// written plainly: a decimal with a point, a time in figures, no word at a
// break.
type Labels struct {
	Location *time.Location // whose calendar the axis follows; UTC where nil
	Number   func(decimal string) string
	Time     func(t time.Time, form TimeForm) string // t is in Location
	Break    func(before, after Point) string        // what changed; may be empty
}

// Text is one line of text. Class says how it is anchored at X: nothing for
// its start, mid or end.
type Text struct {
	X, Y  float64 // Y is the base line
	Class string
	Words string
}

// Box is a part of the drawing.
type Box struct{ Left, Top, Right, Bottom float64 }

// ValueTick is a round number on the axis of values.
type ValueTick struct {
	Y     float64
	Label Text
}

// TimeTick is a boundary of the calendar on the axis of time; it reaches down
// to End.
type TimeTick struct{ X, End float64 }

// Band is the interval of one result, or of neighbours that share it.
type Band struct {
	X, Y, Width, Height float64
	Edge                string // path along the bounds that are known
}

// Break is where results stop being comparable.
type Break struct {
	X, Top float64
	Label  *Text // nil where another's stands in its place
}

// Chart is the geometry of one drawing, in units rounded to a tenth.
type Chart struct {
	Width, Height float64
	Plot          Box
	Unit          string
	ValueTicks    []ValueTick // from the lowest
	TimeTicks     []TimeTick  // from the earliest
	TimeLabels    []Text
	Bands         []Band
	Breaks        []Break
	Line          string   // path of the values that are joined; empty if none are
	Markers       []Marker // oldest first
	Summary       Summary
}

// New computes the charts of points, one for each unit, the unit of the newest
// first; none if no point can be drawn. It does not change points.
func New(points []Point, size Size, labels Labels) []*Chart {
	labels = labels.complete()
	var charts []*Chart
	for _, samples := range byUnit(readSamples(points, labels.Location)) {
		charts = append(charts, draw(samples, size.measures(), labels))
	}
	return charts
}

// draw sets out a chart: the axes first, since all else stands on them.
func draw(samples []sample, m measures, labels Labels) *Chart {
	c := &Chart{Width: m.width, Height: m.height, Unit: samples[0].Unit, Summary: summarise(samples)}
	breaks := breakTexts(samples, labels)
	values := newValueAxis(samples, m.valueSteps)
	c.Plot = Box{Left: values.margin(m.left, labels), Top: topMargin(breaks), Right: m.width - m.right}
	times := newTimeAxis(samples, labels, c.Plot.Right-c.Plot.Left, m.timeLabels)
	c.Plot.Bottom = m.height - m.belowAxis
	if times.form.rows() > 1 {
		c.Plot.Bottom -= m.belowRow
	}
	reach := markerReach * markerScale(len(samples), m)
	times.lay(c.Plot, reach, samples)
	values.lay(c.Plot, reach, samples)

	c.ValueTicks = values.ticks(c.Plot, labels)
	c.TimeTicks, c.TimeLabels = times.ticks(c.Plot, labels, m)
	xs := make([]float64, len(samples))
	ys := make([]float64, len(samples))
	for i := range samples {
		xs[i], ys[i] = tenth(times.x(samples[i].at())), tenth(values.y(samples[i].value))
	}
	gaps := middles(xs, c.Plot)
	c.Bands = bands(samples, gaps, values, c.Plot)
	c.Breaks = setBreaks(breaks, gaps, m)
	c.Line = line(samples, xs, ys)
	c.Markers = markers(samples, xs, ys, times, c.Plot, m)
	setLabels(c.Markers, c.Plot, reach)
	return c
}

func topMargin(breaks []breakText) float64 {
	if len(breaks) > 0 {
		return 44
	}
	return 20
}

// tenth rounds to what is drawn: a page holds thousands of coordinates, and a
// tenth of a unit is less than a pixel of any screen.
func tenth(x float64) float64 { return math.Round(x*10)/10 + 0 }

// complete fills in what the caller left out.
func (l Labels) complete() Labels {
	if l.Location == nil {
		l.Location = time.UTC
	}
	if l.Number == nil {
		l.Number = func(decimal string) string { return decimal }
	}
	if l.Time == nil {
		l.Time = func(t time.Time, form TimeForm) string {
			return t.Format([...]string{"2006", "01", "2006-01", "02", "2006-01-02", "15:04"}[form])
		}
	}
	if l.Break == nil {
		l.Break = func(Point, Point) string { return "" }
	}
	return l
}
