package chart

import (
	"math"
	"slices"
	"time"
)

// unit is a part of the calendar.
type unit int

const (
	minutes unit = iota
	hours
	days
	months
	years
)

// A step is the distance of two ticks: so many units.
type step struct {
	unit
	count int
}

// steps lists them from the finest to the coarsest.
func steps() []step {
	return []step{
		{minutes, 1}, {minutes, 5}, {minutes, 15}, {minutes, 30},
		{hours, 1}, {hours, 2}, {hours, 6}, {hours, 12},
		{days, 1}, {days, 2}, {days, 7}, {days, 14},
		{months, 1}, {months, 2}, {months, 3}, {months, 6},
		{years, 1}, {years, 2}, {years, 5}, {years, 10}, {years, 20}, {years, 50}, {years, 100},
	}
}

// length is the least that a step lasts, in seconds.
func (s step) length() float64 {
	const day = 24 * 3600
	return float64(s.count) * [...]float64{60, 3600, day - 3600, 28 * day, 365 * day}[s.unit]
}

// form is what a tick of the step says.
func (s step) form() TimeForm { return [...]TimeForm{Hour, Hour, Day, Month, Year}[s.unit] }

// around is the unit that the second row of labels names, so that no tick is
// without its day, month and year.
func (s step) around() (around unit, form TimeForm) {
	switch s.unit {
	case months:
		return years, Year
	case days:
		return months, MonthAndYear
	}
	return days, Date
}

// rows is how many rows of labels an axis of this form has.
func (f TimeForm) rows() int {
	if f == Year {
		return 1
	}
	return 2
}

// midnight returns the first moment of a day: not always 0 h, since in some
// countries summer time begins then.
func midnight(year int, month time.Month, day int, location *time.Location) time.Time {
	at := time.Date(year, month, day, 0, 0, 0, 0, location)
	if at.Hour() == 23 {
		return at.Add(time.Hour)
	}
	return at
}

// floor returns the last tick of a step that is not after t. Ticks are those
// of the wall clock: an hour that summer time drops or repeats moves none.
func (s step) floor(t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, _ := t.Clock()
	location := t.Location()
	switch s.unit {
	case years:
		return midnight(year-year%s.count, 1, 1, location)
	case months:
		return midnight(year, month-(month-1)%time.Month(s.count), 1, location)
	case days:
		// Weeks begin on Monday, and 1970 began on a Thursday.
		const monday = 4
		since := int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600))
		past := ((since-monday)%s.count + s.count) % s.count
		return midnight(year, month, day-past, location)
	case hours:
		hour, minute = hour-hour%s.count, 0
	default:
		minute -= minute % s.count
	}
	at := time.Date(year, month, day, hour, minute, 0, 0, location)
	for at.After(t) { // the wall clock shows an hour twice: the first one is meant
		at = at.Add(-time.Hour)
	}
	return at
}

// next returns the tick after a tick.
func (s step) next(t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, _ := t.Clock()
	after := t
	for n := s.count; !after.After(t); n += s.count {
		switch s.unit {
		case years:
			after = midnight(year+n, 1, 1, t.Location())
		case months:
			after = midnight(year, month+time.Month(n), 1, t.Location())
		case days:
			after = midnight(year, month, day+n, t.Location())
		case hours:
			after = time.Date(year, month, day, hour+n, 0, 0, 0, t.Location())
		default:
			after = time.Date(year, month, day, hour, minute+n, 0, 0, t.Location())
		}
	}
	return after
}

// within returns the ticks from from to to, both included, or false if they
// would be more than most.
func (s step) within(from, to time.Time, most int) ([]time.Time, bool) {
	if to.Sub(from).Seconds()/s.length() > float64(2*most) {
		return nil, false
	}
	var ticks []time.Time
	for tick := s.floor(from); !tick.After(to); tick = s.next(tick) {
		if !tick.Before(from) {
			ticks = append(ticks, tick)
		}
	}
	return ticks, len(ticks) <= most
}

// timeAxis is the time that is drawn, with its ticks.
type timeAxis struct {
	step
	form        TimeForm
	ticksAt     []time.Time
	start, end  time.Time // of the axis
	from, to    float64   // the same in seconds
	left, right float64   // where they are drawn
}

// newTimeAxis chooses the coarsest unit that has three labels or more, since a
// year says more to a reader than its months, and of its steps the finest whose
// labels have room in width.
func newTimeAxis(samples []sample, labels Labels, width float64, most int) *timeAxis {
	from, to, finest := timeRange(samples, labels.Location)
	var a *timeAxis
	for _, s := range slices.Backward(steps()) {
		if s.unit < finest {
			break
		}
		if a != nil && a.unit != s.unit && a.labelled(labels) >= enoughLabels {
			break
		}
		candidate, ok := layOut(s, from, to, labels.Location, width, most)
		if !ok || a != nil && !candidate.hasRoom(labels) {
			continue
		}
		a = candidate
	}
	return a
}

const enoughLabels = 3

// layOut makes an axis of one step. An end moves out to a whole step where that
// costs little, else a little.
func layOut(s step, from, to time.Time, location *time.Location, width float64, most int) (*timeAxis, bool) {
	const little, much = 0.03, 0.08 // of the time drawn
	span := to.Sub(from).Seconds()
	out := func(end time.Time, whole float64) time.Time {
		if math.Abs(whole-seconds(end)) <= much*span {
			return moment(whole, location)
		}
		return moment(seconds(end)+math.Copysign(little*span, whole-seconds(end)), location)
	}
	start := s.floor(from)
	end := s.floor(to)
	if end.Before(to) {
		end = s.next(end)
	}
	a := &timeAxis{step: s, form: s.form(), start: out(from, seconds(start)), end: out(to, seconds(end)), right: width}
	a.from, a.to = seconds(a.start), seconds(a.end)
	var ok bool
	a.ticksAt, ok = s.within(a.start, a.end, most)
	return a, ok
}

// timeRange returns the time that the axis must hold, and its finest unit.
func timeRange(samples []sample, location *time.Location) (from, to time.Time, finest unit) {
	earliest, latest, sharpest := math.Inf(1), math.Inf(-1), ToYear
	for i := range samples {
		s := &samples[i]
		earliest, latest, sharpest = min(earliest, s.from), max(latest, s.to), max(sharpest, s.Precision)
	}
	from, to = moment(earliest, location), moment(latest, location)
	switch sharpest {
	case ToYear:
		finest = years
	case ToMonth:
		finest = months
	case ToDay:
		finest = days
	}
	const day = 25 * time.Hour // the longest, when summer time ends
	if from.Equal(to) || sharpest == ToDay && to.Sub(from) <= day {
		// All at one time: the month around it gives it a place.
		month := step{months, 1}
		from, finest = month.floor(from), days
		to = month.next(from)
	}
	return from, to, finest
}

// moment is the inverse of seconds.
func moment(seconds float64, location *time.Location) time.Time {
	return time.UnixMicro(int64(math.Round(seconds * 1e6))).In(location)
}

// inPeriods reports whether a label names the time between two ticks, as a
// year does, rather than a tick.
func (a *timeAxis) inPeriods() bool { return a.count == 1 && a.unit >= days }

const labelGap = 8.0 // between two labels of an axis

// hasRoom reports whether no label touches the next.
func (a *timeAxis) hasRoom(labels Labels) bool {
	if a.inPeriods() {
		for _, p := range a.periods(a.step, a.form, labels) {
			if _, fits := p.text(0); !fits && p.left > a.left && p.right < a.right {
				return false
			}
		}
		return true
	}
	end := math.Inf(-1)
	for _, tick := range a.ticksAt {
		at, half := a.x(seconds(tick)), textWidth(labels.Time(tick, a.form), FontSize)/2
		if at-half < end+labelGap {
			return false
		}
		end = at + half
	}
	return true
}

// labelled returns how many labels the first row has.
func (a *timeAxis) labelled(labels Labels) int {
	if !a.inPeriods() {
		return len(a.ticksAt)
	}
	count := 0
	for _, p := range a.periods(a.step, a.form, labels) {
		if _, fits := p.text(0); fits {
			count++
		}
	}
	return count
}

// lay gives the axis its place, drawn in where a marker would cross an edge.
func (a *timeAxis) lay(plot Box, reach float64, samples []sample) {
	a.left, a.right = plot.Left, plot.Right
	crossLeft := a.x(samples[0].at()) < plot.Left+reach
	crossRight := a.x(samples[len(samples)-1].at()) > plot.Right-reach
	if crossLeft {
		a.left += reach
	}
	if crossRight {
		a.right -= reach
	}
}

func (a *timeAxis) x(seconds float64) float64 {
	return a.left + (seconds-a.from)/(a.to-a.from)*(a.right-a.left)
}

// ticks returns the ticks, and the labels in one row or two.
func (a *timeAxis) ticks(plot Box, labels Labels, m measures) ([]TimeTick, []Text) {
	base := plot.Bottom + 24
	ticks := make([]TimeTick, len(a.ticksAt))
	for i, at := range a.ticksAt {
		ticks[i] = TimeTick{X: tenth(a.x(seconds(at))), End: plot.Bottom + 6}
		if a.inPeriods() && a.form.rows() > 1 && a.startsAround(at) {
			ticks[i].End = base + m.belowRow
		}
	}
	row := a.firstRow(base, labels, m)
	if a.form.rows() > 1 {
		around, form := a.around()
		row = append(row, periodRow(a.periods(step{around, 1}, form, labels), base+m.belowRow, m)...)
	}
	return ticks, row
}

// firstRow names the ticks or what lies between them.
func (a *timeAxis) firstRow(base float64, labels Labels, m measures) []Text {
	if a.inPeriods() {
		return periodRow(a.periods(a.step, a.form, labels), base, m)
	}
	var row []Text
	end := math.Inf(-1)
	for _, at := range a.ticksAt {
		text := Text{X: a.x(seconds(at)), Y: base, Class: "mid", Words: labels.Time(at, a.form)}
		// Moved in from the edge of the drawing, the last may meet its neighbour.
		if text, fits := text.within(0, m.width, FontSize); fits && text.box(FontSize).Left > end {
			row = append(row, text)
			end = text.box(FontSize).Right
		}
	}
	return row
}

// startsAround reports whether a tick begins what the second row names.
func (a *timeAxis) startsAround(tick time.Time) bool {
	around, _ := a.around()
	return step{around, 1}.floor(tick).Equal(tick)
}

// A period is a year, month or day as far as the axis shows it, and the room
// for its name: a little more than that at the ends of the axis.
type period struct {
	left, right         float64
	roomLeft, roomRight float64
	words               string
}

// periods returns the parts of the axis between the ticks of a step.
func (a *timeAxis) periods(s step, form TimeForm, labels Labels) []period {
	const more = 16
	var parts []period
	for start := s.floor(a.start); start.Before(a.end); {
		next := s.next(start)
		p := period{left: a.x(seconds(start)), right: a.x(seconds(next)), words: labels.Time(start, form)}
		p.roomLeft, p.roomRight = p.left+labelGap/2, p.right-labelGap/2
		if p.left <= a.left {
			p.left, p.roomLeft = a.left, a.left-more
		}
		if p.right >= a.right {
			p.right, p.roomRight = a.right, a.right+more
		}
		parts = append(parts, p)
		start = next
	}
	return parts
}

// text writes the name in the middle of its period, if it has room.
func (p period) text(base float64) (Text, bool) {
	text := Text{X: tenth((p.left + p.right) / 2), Y: base, Class: "mid", Words: p.words}
	return text.within(p.roomLeft, p.roomRight, FontSize)
}

// periodRow names the periods; if none has room, the widest all the same.
func periodRow(periods []period, base float64, m measures) []Text {
	var row []Text
	var widest period
	for _, p := range periods {
		if p.right-p.left > widest.right-widest.left {
			widest = p
		}
		if text, fits := p.text(base); fits {
			row = append(row, text)
		}
	}
	if len(row) == 0 {
		text, _ := widest.text(base)
		if text, fits := text.within(0, m.width, FontSize); fits {
			row = append(row, text)
		}
	}
	return row
}
