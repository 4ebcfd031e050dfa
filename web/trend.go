package web

import (
	"strconv"
	"strings"
	"time"

	"guichet/record"
	"guichet/web/chart"
)

// TrendPage is the course of one analysis: a sentence, a chart, and a table
// that says all of both.
type TrendPage struct {
	Base
	Patient *record.Patient
	Trend   record.Trend
}

type trend struct {
	patient  *identityLine
	Name     string // of the analysis, as the laboratory last printed it
	Back     aboutLine
	Unit     *unitKey // of the latest result
	Sentence *sentence
	Charts   []drawing
	Legend   map[string]bool // what is drawn, by class
	Table    []trendRow
}

func (t trend) section() (string, *identityLine) { return "reports", t.patient }

// drawing is one chart in the sizes that it stands in the page in.
type drawing struct {
	Unit  string // where there are several charts
	About string // what a screen reader is told before its points
	Sizes []sized
}

type sized struct {
	Class string
	*chart.Chart
}

func (p TrendPage) view(l *language) (string, Base, any) {
	content := trend{patient: l.newIdentityLine(p.Patient, p.Now)}
	points := p.Trend.Points
	if len(points) == 0 {
		return "trend", p.Base, content
	}
	last := &points[len(points)-1]
	content.Name = l.nameOf(&last.Observation)
	content.Back = l.aboutPoint(last)
	if spoken := l.spokenUnit(last.Observation.Unit); spoken != "" {
		content.Unit = &unitKey{last.Observation.Unit, spoken}
	}
	content.Table = l.newTrendTable(points)
	content.Charts, content.Legend = l.drawTrend(content.Name, points)
	content.Sentence = l.newSentence(points)
	return "trend", p.Base, content
}

func (l *language) aboutPoint(p *record.TrendPoint) aboutLine {
	title := title{Sent: p.Title}
	if p.Title == "" {
		title.Own = l.say.Report.Untitled
	}
	return aboutLine{Path: reportPath(p.Report), Title: title, Day: l.momentDay(p.Observation.Sampled)}
}

// drawTrend draws one chart for each unit.
func (l *language) drawTrend(name string, points []record.TrendPoint) ([]drawing, map[string]bool) {
	labels := chart.Labels{Location: paris, Number: l.number, Time: l.tick, Break: l.breakLabel}
	shown := l.chartPoints(points)
	wide, slim := chart.New(shown, chart.Wide, labels), chart.New(shown, chart.Slim, labels)
	legend := make(map[string]bool)
	var drawings []drawing
	for i, c := range wide {
		d := drawing{Sizes: []sized{{"wide", c}, {"slim", slim[i]}}, About: fill(l.say.Trend.Chart, "name", name, "unit", c.Unit,
			"from", l.chartDay(c.Summary.First), "to", l.chartDay(c.Summary.Last))}
		if len(wide) > 1 {
			d.Unit = c.Unit
			if d.Unit == "" {
				d.Unit = l.say.Trend.NoUnit
			}
		}
		drawings = append(drawings, d)
		legend["band"] = legend["band"] || len(c.Bands) > 0
		legend["break"] = legend["break"] || len(c.Breaks) > 0
		for _, marker := range c.Markers {
			legend["extent"] = legend["extent"] || marker.Extent != nil
			for _, glyph := range marker.Glyphs {
				class := glyph.Class
				if class == "crit" && marker.Point.Place == chart.Below {
					class = "crit-below"
				}
				legend[class] = true
			}
		}
	}
	return drawings, legend
}

// chartPoints are the results as the chart takes them: oldest first, each
// linked to its row of the table.
func (l *language) chartPoints(points []record.TrendPoint) []chart.Point {
	drawn := make([]chart.Point, 0, len(points))
	for i := range points {
		o := &points[i].Observation
		if o.Status == record.Cancelled {
			continue
		}
		shownReference, in, known := l.reference(o.Reference, o.Unit)
		comparator, digits := "", o.Value.Text
		if o.Value.Kind == record.Structured {
			comparator, digits = cutComparator(digits)
		} else if o.Value.Kind != record.Numeric {
			continue
		}
		decimal, ok := readBound(digits)
		if !ok {
			continue
		}
		p := chart.Point{
			At: o.Sampled.At, Precision: chart.Precision(o.Sampled.Precision), Value: decimal, Comparator: comparator, Unit: canonicalUnit(o.Unit),
			Break: breakKey(&points[i]), Corrected: o.Status == record.Corrected, Label: l.valueText(o.Value), Anchor: trendAnchor(len(points) - 1 - i),
		}
		if known {
			p.Interval = chart.Interval{Low: in.low, High: in.high, Exclusive: in.comparator == "<" || in.comparator == ">"}
		}
		verdicts := l.say.Flag.verdictsOf(o.Flags, known)
		p.Place, p.Critical = placeOf(verdicts)
		p.Spoken = l.spokenPoint(o, verdicts, shownReference)
		drawn = append(drawn, p)
	}
	return drawn
}

// placeOf is where the laboratory's flags put a result.
func placeOf(verdicts []verdict) (place chart.Place, critical bool) {
	worst := gravest(verdicts)
	switch {
	case worst.marker == above:
		place = chart.Above
	case worst.marker == below:
		place = chart.Below
	case worst.counting != uncounted:
		place = chart.Abnormal
	case len(verdicts) > 0 && verdicts[0].class == "in":
		place = chart.Within
	}
	return place, worst.class == "crit"
}

// spokenPoint says of a point what its row of the table says.
func (l *language) spokenPoint(o *record.Observation, verdicts []verdict, interval string) string {
	unit := o.Unit
	if spoken := l.spokenUnit(unit); spoken != "" {
		unit = spoken
	}
	parts := []string{strings.TrimSpace(l.valueText(o.Value) + " " + unit)}
	for _, v := range verdicts {
		parts = append(parts, v.words)
	}
	if interval != "" {
		parts = append(parts, fill(l.say.Trend.OfInterval, "interval", interval))
	}
	if o.Status == record.Corrected {
		parts = append(parts, l.say.Trend.Corrected)
	}
	return fill(l.say.Trend.Point, "day", l.momentDay(o.Sampled), "result", strings.Join(parts, ", "))
}

// breakKey is what must stay the same for results to be compared.
func breakKey(p *record.TrendPoint) string { return p.Laboratory + "\x00" + p.Observation.Method }

// breakWords says what is no longer the same; empty where all is.
func (l *language) breakWords(before, after string) string {
	laboratoryBefore, methodBefore, _ := strings.Cut(before, "\x00")
	laboratoryAfter, methodAfter, _ := strings.Cut(after, "\x00")
	switch {
	case laboratoryBefore != laboratoryAfter:
		return l.say.Trend.OtherLaboratory
	case methodBefore != methodAfter:
		return l.say.Trend.OtherMethod
	}
	return ""
}

func (l *language) breakLabel(before, after chart.Point) string {
	return l.breakWords(before.Break, after.Break)
}

// tick is what an axis of time says.
func (l *language) tick(t time.Time, form chart.TimeForm) string {
	switch form {
	case chart.Month:
		return l.shortMonth(t)
	case chart.MonthAndYear:
		return l.shortMonth(t) + nbsp + t.Format("2006")
	case chart.Day:
		return t.Format("2")
	case chart.Date:
		return l.shortDate(t)
	case chart.Hour:
		return l.hour(t)
	}
	return t.Format("2006")
}

func (l *language) chartDay(p chart.Point) string {
	return l.momentDay(record.Moment{At: p.At, Precision: record.Precision(p.Precision)})
}

// trendAnchor is the id of the nth row of the table.
func trendAnchor(n int) string { return "m" + strconv.Itoa(n+1) }
