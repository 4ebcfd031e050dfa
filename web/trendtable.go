package web

import (
	"slices"

	"guichet/record"
	"guichet/web/chart"
)

// trendRow is one result in the table of a trend, newest first. A row where
// results stop being comparable says so above itself.
type trendRow struct {
	Anchor      string
	Break       string // what changed between the next newer result and this one
	Day         string
	Hour        string
	Value       string
	InFrench    bool
	None        bool // there is no value
	Unit        string
	Spoken      string // the unit, in full words
	Flags       []trendFlag
	Unflagged   bool
	Reference   string
	Printed     bool // the interval is shown as printed, in the laboratory's words
	Status      tag
	Method      string
	Laboratory  string
	Comments    []string
	Report      aboutLine
	Code        record.Code
	Raw         string
	RawInterval string
}

// trendFlag is one flag of the laboratory.
type trendFlag struct {
	Class, Sign, Words, Letter string
}

func (l *language) newTrendTable(points []record.TrendPoint) []trendRow {
	rows := make([]trendRow, 0, len(points))
	for i, p := range slices.Backward(points) {
		row := l.newTrendRow(&p)
		row.Anchor = trendAnchor(len(points) - 1 - i)
		if i+1 < len(points) {
			newer := &points[i+1]
			row.Break = l.breakWords(breakKey(&p), breakKey(newer))
			if row.Break == "" && canonicalUnit(p.Observation.Unit) != canonicalUnit(newer.Observation.Unit) {
				row.Break = l.say.Trend.OtherUnit
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (l *language) newTrendRow(p *record.TrendPoint) trendRow {
	o := &p.Observation
	shown, class := l.shownValue(o)
	reference, _, known := l.reference(o.Reference, o.Unit)
	row := trendRow{
		Day: l.momentDay(o.Sampled), Value: shown, InFrench: class != "val none" && l.inFrench(o.Value), None: class == "val none",
		Unit: o.Unit, Spoken: l.spokenUnit(o.Unit), Reference: reference, Printed: l.foreign() && !known && reference != "",
		Method: o.Method, Laboratory: p.Laboratory, Comments: o.Comments, Report: l.aboutPoint(p), Code: codeOf(o), Raw: rawValue(o.Value), RawInterval: o.Reference,
	}
	if row.Day == "" {
		row.Day = l.say.List.Undated
	}
	if o.Sampled.Precision >= record.ToMinute {
		row.Hour = shortHour(o.Sampled.At)
	}
	if o.Status != record.Final {
		row.Status = l.newStatusTag(o.Status)
	}
	for _, v := range l.say.Flag.verdictsOf(o.Flags, known) {
		flag := trendFlag{Class: string(v.class), Sign: v.sign, Words: v.words}
		if v.letter {
			flag.Letter = string(v.code)
		}
		row.Flags = append(row.Flags, flag)
	}
	row.Unflagged = len(row.Flags) == 0 && flagExpected(o)
	return row
}

// sentence is the course of an analysis in words. It repeats the laboratory's
// flags, and counts; it judges nothing.
type sentence struct {
	Results   string // 8 résultats
	Single    bool
	Since     string // février 2022
	Value     string // 11,2 g/dL
	Day       string
	Place     string // au-dessous, as the laboratory flagged it
	Sided     bool   // the flag is of a side of the interval
	Within    bool
	Interval  string
	Direction string // up, down, flat or mixed; empty where the last three say nothing
	Three     []string
}

// newSentence returns nil where no result is a number with a date: there is
// nothing to sum up then.
func (l *language) newSentence(points []record.TrendPoint) *sentence {
	charts := chart.New(l.chartPoints(points), chart.Wide, chart.Labels{Location: paris})
	if len(charts) == 0 {
		return nil
	}
	summary := charts[0].Summary
	last, ok := pointAt(points, summary.Last.Anchor)
	if !ok {
		return nil
	}
	o := &last.Observation
	s := &sentence{Results: l.count(len(points), l.say.Report.ResultCount), Single: len(points) == 1, Day: l.momentDay(o.Sampled), Value: l.valueText(o.Value)}
	if o.Unit != "" {
		s.Value += nbsp + o.Unit
	}
	if first := points[0].Observation.Sampled; first.Precision >= record.ToMonth {
		s.Since = l.month(first.At)
	} else {
		s.Since = l.moment(first)
	}
	reference, _, known := l.reference(o.Reference, o.Unit)
	if known {
		s.Interval = reference
	}
	verdicts := l.say.Flag.verdictsOf(o.Flags, known)
	worst := gravest(verdicts)
	switch {
	case worst.counting != uncounted:
		s.Place, s.Sided = worst.words, known && worst.counting == outInterval
	case len(verdicts) > 0 && verdicts[0].class == "in":
		s.Place, s.Within = verdicts[0].words, known
	}
	s.Direction = [...]string{chart.Undetermined: "", chart.Flat: "flat", chart.Up: "up", chart.Down: "down", chart.Mixed: "mixed"}[summary.Trend]
	for _, p := range summary.Over {
		s.Three = append(s.Three, p.Label)
	}
	return s
}

// pointAt returns the result whose row has an anchor.
func pointAt(points []record.TrendPoint, anchor string) (*record.TrendPoint, bool) {
	for i := range points {
		if trendAnchor(len(points)-1-i) == anchor {
			return &points[i], true
		}
	}
	return nil, false
}
