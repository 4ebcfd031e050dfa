package chart_test

import (
	"strings"
	"testing"

	"guichet/web/chart"
)

func TestDirection(t *testing.T) {
	const healthy = "12.0..16.0" // a tenth of its width is 0.4
	tests := []struct {
		name     string
		values   string
		interval string
		want     chart.Direction
	}{
		{"down", "12.9 12.4 11.2", healthy, chart.Down},
		{"up", "11.2 12.4 12.9", healthy, chart.Up},
		{"flat", "12.9 12.7 13.0", healthy, chart.Flat},
		{"exactly the tolerance is flat", "12.9 12.7 12.5", healthy, chart.Flat},
		{"a digit more is not", "12.90 12.70 12.49", healthy, chart.Down},
		{"up and down", "12.0 13.5 12.1", healthy, chart.Mixed},
		{"turning back by the last digit", "12.9 13.0 11.2", healthy, chart.Down},
		{"turning back by more", "12.9 13.1 11.2", healthy, chart.Mixed},
		{"level, then down", "12.9 12.9 11.2", healthy, chart.Down},
		{"only the last three count", "9.0 12.9 12.4 11.2", healthy, chart.Down},
		{"all equal", "5 5 5", "", chart.Flat},
		{"all zero", "0 0 0", "", chart.Flat},
		{"one last digit is rounding", "1 2 2", "0..4", chart.Flat},
		{"no interval: a twentieth of the value", "100 102 105", "", chart.Flat},
		{"no interval: more", "100 103 107", "", chart.Up},
		{"upper bound: a twentieth of it", "4.50 4.60 4.75", "..5.00", chart.Flat},
		{"lower bound: a twentieth of it", "90 85 80", "60..", chart.Down},
		{"negative values", "-1.0 -2.0 -3.0", "-2.0..2.0", chart.Down},
		{"below the limit last", "12.9 12.4 <11.0", healthy, chart.Undetermined},
		{"below the limit between", "12.9 <12.4 11.0", healthy, chart.Undetermined},
		{"below the limit before", "<9.0 12.9 12.4 11.0", healthy, chart.Down},
		{"two", "12.9 11.2", healthy, chart.Undetermined},
		{"one", "12.9", healthy, chart.Undetermined},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var points []chart.Point
			for i, value := range strings.Fields(test.values) {
				points = append(points, result(t, []string{"2023-01-01", "2024-01-01", "2025-01-01", "2026-01-01"}[i], value, test.interval))
			}
			s := one(t, chart.Wide, points...).Summary
			if s.Trend != test.want {
				t.Errorf("direction %d, want %d", s.Trend, test.want)
			}
			if determined := s.Trend != chart.Undetermined; determined != (len(s.Over) == 3) {
				t.Errorf("direction %d over %d results", s.Trend, len(s.Over))
			}
		})
	}
}

func TestNoDirectionAcross(t *testing.T) {
	early, late := result(t, "2024-01-01", "12.9", ""), result(t, "2025-01-01", "12.4", "")
	tests := map[string][]chart.Point{
		"a break":             {early, late, result(t, "2026-01-01", "9", "", by("another method"))},
		"a break before":      {result(t, "2023-01-01", "15", "", by("another method")), early, late},
		"one instant":         {early, late, result(t, "2025-01-01", "9", "")},
		"a change of unit":    {early, late, result(t, "2026-01-01", "90", "", in("g/L"))},
		"a time out of order": {result(t, "2025", "9", ""), result(t, "2025", "10", ""), late},
	}
	for name, points := range tests {
		if got := chart.New(points, chart.Wide, french(t))[0].Summary.Trend; got != chart.Undetermined {
			t.Errorf("%s: direction %d", name, got)
		}
	}
}

func TestRelation(t *testing.T) {
	tests := []struct {
		value, interval string
		exclusive       bool
		want            chart.Relation
	}{
		{"11.2", "12.0..16.0", false, chart.BelowLow},
		{"12.0", "12.0..16.0", false, chart.InsideBounds},
		{"16.0", "12.0..16.0", false, chart.InsideBounds},
		{"16.1", "12.0..16.0", false, chart.AboveHigh},
		{"5", "", false, chart.Unrelated},
		{"5", "..5", true, chart.AboveHigh},
		{"5", "..5", false, chart.InsideBounds},
		{"60", "60..", true, chart.BelowLow},
		{"<5", "..5", true, chart.InsideBounds},
		{"<5", "..5", false, chart.InsideBounds},
		{"<5", "..4", false, chart.Unrelated},
		{"<5", "0..10", false, chart.InsideBounds},
		{"<5", "2..10", false, chart.Unrelated},
		{"<5", "5..10", false, chart.BelowLow},
		{"<5", "-2..10", false, chart.Unrelated},
		{"<5", "10..20", false, chart.BelowLow},
		{">90", "60..", false, chart.InsideBounds},
		{">60", "60..", true, chart.InsideBounds},
		{">50", "60..", false, chart.Unrelated},
		{">20", "4..10", false, chart.AboveHigh},
		{">10", "4..10", false, chart.AboveHigh},
		{">8", "4..10", false, chart.Unrelated},
	}
	for _, test := range tests {
		p := result(t, "2026-11-17", test.value, test.interval)
		p.Interval.Exclusive = test.exclusive
		if got := one(t, chart.Wide, p).Summary.Against; got != test.want {
			t.Errorf("%s against %s (exclusive %t): %d, want %d", test.value, test.interval, test.exclusive, got, test.want)
		}
	}
}

func TestCounts(t *testing.T) {
	s := one(t, chart.Wide, courses(t)["every-state"]...).Summary
	if s.Count != 12 || s.Censored != 3 || s.In != 4 || s.Out != 8 {
		t.Errorf("counts %d, beyond the limit %d, in %d, out %d; want 12, 3, 4, 8", s.Count, s.Censored, s.In, s.Out)
	}
	if s.First.Value != "7.2" || s.Last.Value != "8.0" {
		t.Errorf("from %s to %s, want 7.2 to 8.0", s.First.Value, s.Last.Value)
	}
	unflagged := result(t, "2026-11-17", "50", "4..10")
	unflagged.Place = chart.Unflagged
	if s := one(t, chart.Wide, unflagged).Summary; s.In+s.Out != 0 || s.Against != chart.AboveHigh {
		t.Errorf("a result that the laboratory did not flag counts as in %d, out %d", s.In, s.Out)
	}
}
