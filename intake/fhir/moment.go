package fhir

import (
	"strings"
	"time"

	"guichet/record"
)

// moment reads a date, dateTime or instant, as precise as it was stated.
// Without an offset, which only a date may lack, it is in zone.
func moment(text string, zone *time.Location) (record.Moment, bool) {
	layout, precision := time.RFC3339Nano, record.ToSecond
	switch len(text) {
	case 0:
		return record.Moment{}, true
	case len("2006"):
		layout, precision = "2006", record.ToYear
	case len("2006-01"):
		layout, precision = "2006-01", record.ToMonth
	case len("2006-01-02"):
		layout, precision = time.DateOnly, record.ToDay
	}
	at, err := time.ParseInLocation(layout, text, zone)
	if err != nil {
		return record.Moment{}, false
	}
	if precision == record.ToSecond { // the offset as stated, whatever this machine calls it
		_, offset := at.Zone()
		at = at.In(time.FixedZone("", offset))
	}
	return record.Moment{At: at, Precision: precision}, true
}

// moment reads the time of an element of one, which may be empty.
func (r *reader) moment(one *resource, element, text string) record.Moment {
	m, ok := moment(text, r.options.Zone)
	if !ok {
		r.problems.add(ReasonTime, one.path+"."+element)
	}
	return m
}

// when reads effective[x]: of a period the beginning, of a timing the first.
func (r *reader) when(one *resource, e *effective) record.Moment {
	switch {
	case e.DateTime != "":
		return r.moment(one, "effectiveDateTime", e.DateTime)
	case e.Instant != "":
		return r.moment(one, "effectiveInstant", e.Instant)
	case e.Period != nil:
		return r.moment(one, "effectivePeriod", first(e.Period.Start, e.Period.End))
	case e.Timing != nil && len(e.Timing.Event) > 0:
		return r.moment(one, "effectiveTiming", e.Timing.Event[0])
	}
	return record.Moment{}
}

// birthdate reads a date as YYYY-MM-DD. A month or a day that nobody knows is
// 00.
func birthdate(text string, o Options) (string, bool) {
	if text == "" {
		return "", true
	}
	m, ok := moment(text, o.Zone)
	if !ok || m.At.After(o.Now()) || m.Precision > record.ToDay {
		return "", false
	}
	return (text + "-00-00")[:len(time.DateOnly)], true
}

// printTime writes a time that is itself a result, with its own digits and
// offset.
func printTime(text string) string {
	date, clock, timed := strings.Cut(text, "T")
	if !timed {
		return text
	}
	if i := strings.IndexAny(clock, "+-"); i > 0 {
		clock = clock[:i] + " " + clock[i:]
	}
	if utc, ok := strings.CutSuffix(clock, "Z"); ok {
		clock = utc + " UTC"
	}
	return date + " " + clock
}
