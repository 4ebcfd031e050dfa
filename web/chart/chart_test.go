package chart_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/web/chart"
)

// one returns the only chart of points.
func one(t *testing.T, size chart.Size, points ...chart.Point) *chart.Chart {
	t.Helper()
	charts := chart.New(points, size, french(t))
	if len(charts) != 1 {
		t.Fatalf("%d charts, want 1", len(charts))
	}
	return charts[0]
}

func valueLabels(c *chart.Chart) []string {
	var words []string
	for _, tick := range c.ValueTicks {
		words = append(words, tick.Label.Words)
	}
	return words
}

// timeLabels returns each row of the axis of time as one line.
func timeLabels(c *chart.Chart) []string {
	var rows []string
	y := 0.0
	for _, label := range c.TimeLabels {
		if label.Y != y {
			rows, y = append(rows, ""), label.Y
		}
		rows[len(rows)-1] += " " + label.Words
	}
	for i := range rows {
		rows[i] = strings.TrimSpace(rows[i])
	}
	return rows
}

func TestWhatIsNotDrawn(t *testing.T) {
	good := result(t, "2026-11-17", "5.3", "")
	tests := map[string]func(*chart.Point){
		"text":                  func(p *chart.Point) { p.Value = "positif" },
		"no value":              func(p *chart.Point) { p.Value = "" },
		"comparator in value":   func(p *chart.Point) { p.Value = "<5" },
		"comma":                 func(p *chart.Point) { p.Value = "5,3" },
		"titre":                 func(p *chart.Point) { p.Value = "1:80" },
		"exponent":              func(p *chart.Point) { p.Value = "1e3" },
		"hexadecimal":           func(p *chart.Point) { p.Value = "0x10" },
		"underscore":            func(p *chart.Point) { p.Value = "1_000" },
		"not a number":          func(p *chart.Point) { p.Value = "NaN" },
		"infinity":              func(p *chart.Point) { p.Value = "+Inf" },
		"overflow":              func(p *chart.Point) { p.Value = strings.Repeat("9", 400) },
		"a thousand billions":   func(p *chart.Point) { p.Value = "1000000000000" },
		"lonely point":          func(p *chart.Point) { p.Value = "." },
		"no time":               func(p *chart.Point) { p.Precision = chart.Unstated },
		"unknown precision":     func(p *chart.Point) { p.Precision = chart.ToSecond + 1 },
		"year before the first": func(p *chart.Point) { p.At = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year after the last":   func(p *chart.Point) { p.At = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			bad := good
			change(&bad)
			if charts := chart.New([]chart.Point{bad}, chart.Wide, french(t)); charts != nil {
				t.Errorf("drawn: %+v", charts[0].Markers)
			}
			if c := one(t, chart.Wide, bad, good); len(c.Markers) != 1 || c.Summary.Count != 1 {
				t.Errorf("%d markers, count %d, want the good one alone", len(c.Markers), c.Summary.Count)
			}
		})
	}
	if charts := chart.New(nil, chart.Slim, chart.Labels{}); charts != nil {
		t.Errorf("%d charts of nothing", len(charts))
	}
}

func TestBoundThatIsNoNumberIsOpen(t *testing.T) {
	for interval, bands := range map[string]int{"NaN..Inf": 0, "négatif..": 0, "10..4": 0, "..": 0, "4..x": 1, "4..4": 1, "4..10": 1} {
		if c := one(t, chart.Wide, result(t, "2026-11-17", "5", interval)); len(c.Bands) != bands {
			t.Errorf("%s: %d bands, want %d", interval, len(c.Bands), bands)
		}
	}
}

func TestValueTicks(t *testing.T) {
	r := func(value, interval string) chart.Point { return result(t, "2026-11-17", value, interval) }
	tests := []struct {
		name   string
		points []chart.Point
		want   string
	}{
		{"a tenth more at each end", []chart.Point{r("11.2", "12.0..16.0")}, "10 11 12 13 14 15 16 17"},
		{"no finer than printed", []chart.Point{r("5", "4..6")}, "2 3 4 5 6 7 8"},
		{"decimals the step needs", []chart.Point{r("0.91", "0.70..1.10")}, "0,6 0,7 0,8 0,9 1,0 1,1 1,2"},
		{"smaller than one", []chart.Point{r("0.005", "0.001..0.020")}, "0,000 0,005 0,010 0,015 0,020 0,025"},
		{"thousands", []chart.Point{r("250000", "150000..400000")}, "100000 150000 200000 250000 300000 350000 400000 450000"},
		{"below zero", []chart.Point{r("-3.1", "-2.0..2.0")}, "−4 −3 −2 −1 0 1 2 3"},
		{"an amount stays above zero", []chart.Point{r("0", "0..10")}, "0 2 4 6 8 10 12"},
		{"zero alone", []chart.Point{r("0", "")}, "0 1 2 3"},
		{"minus zero", []chart.Point{r("-0.0", "")}, "0,0 0,1 0,2 0,3"},
		{"all equal, no interval", []chart.Point{r("140", ""), r("140", "")}, "80 100 120 140 160 180 200"},
		{"an upper bound brings in zero", []chart.Point{r("4.9", "..5.0")}, "0 1 2 3 4 5 6"},
		{"a lower bound alone does not", []chart.Point{r("88", "60..")}, "40 50 60 70 80 90 100 110"},
		{"many magnitudes", []chart.Point{r("0.02", "0.01..0.05"), r("98000", "")}, "0 20000 40000 60000 80000 100000 120000"},
		{"closer than floating point tells apart", []chart.Point{r("500000000000", "499999999999.999..500000000000.001")}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := one(t, chart.Wide, test.points...)
			if got := strings.Join(valueLabels(c), " "); got != test.want && test.want != "" {
				t.Errorf("ticks %s, want %s", got, test.want)
			}
			if problem := firstProblem(c); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// TestNothingIsExaggerated: where no interval says what a change means, one
// hundredth of the value never fills more than a fiftieth of the height.
func TestNothingIsExaggerated(t *testing.T) {
	for _, interval := range []string{"", "..150", "130.."} {
		c := one(t, chart.Wide, result(t, "2025-11-17", "140.0", interval), result(t, "2026-11-17", "141.4", interval))
		rise := c.Markers[0].Y - c.Markers[1].Y
		if height := c.Plot.Bottom - c.Plot.Top; rise <= 0 || rise > height/50 {
			t.Errorf("interval %q: 1 %% is drawn %.1f of %.1f high", interval, rise, height)
		}
	}
}

func TestTimeTicks(t *testing.T) {
	tests := []struct {
		name string
		on   []string
		wide []string
		slim []string
	}{
		{"years", []string{"2022-02-08", "2026-11-17"}, []string{"2022 2023 2024 2025 2026"}, []string{"2022 2023 2024 2025 2026"}},
		{"half a life", []string{"1961-03-09", "2026-11-17"}, []string{"1960 1965 1970 1975 1980 1985 1990 1995 2000 2005 2010 2015 2020 2025 2030"}, []string{"1960 1980 2000 2020"}},
		{
			"months of two years", []string{"2025-10-20", "2026-02-11"},
			[]string{"oct. nov. déc. janv. févr.", "2025 2026"}, []string{"oct. nov. déc. janv. févr.", "2025 2026"},
		},
		{
			"days of a leap year", []string{"2024-02-27", "2024-03-02"},
			[]string{"27 28 29 1 2", "févr. 2024 mars 2024"}, []string{"27 28 29 1 2", "févr. 2024 mars 2024"},
		},
		{
			"the night summer time begins", []string{"2026-03-29 00:30", "2026-03-29 05:10"},
			[]string{"01 h 00 03 h 00 04 h 00 05 h 00", "29/03/2026"}, []string{"01 h 00 03 h 00 04 h 00 05 h 00", "29/03/2026"},
		},
		{
			"the night it ends", []string{"2026-10-25 00:30", "2026-10-25 05:10"},
			[]string{"01 h 00 02 h 00 03 h 00 04 h 00 05 h 00", "25/10/2026"}, nil,
		},
		{"one day", []string{"2026-11-17"}, []string{"1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 1", "nov. 2026"}, []string{"2 9 16 23 30", "nov. 2026"}},
		{"one year", []string{"2026"}, []string{"2026"}, []string{"2026"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var points []chart.Point
			for _, on := range test.on {
				points = append(points, result(t, on, "5.3", "4.0..6.0"))
			}
			for size, want := range map[chart.Size][]string{chart.Wide: test.wide, chart.Slim: test.slim} {
				got := timeLabels(one(t, size, points...))
				if difference := cmp.Diff(want, got); difference != "" && want != nil {
					t.Errorf("size %d (-want +got):\n%s", size, difference)
				}
			}
		})
	}
}

// TestTimeIsToScale: distances on the axis are those in time, over the hour
// that summer time drops as over the day that a leap year adds.
func TestTimeIsToScale(t *testing.T) {
	for _, on := range [][3]string{
		{"2024-02-01", "2024-03-01", "2024-04-01"},
		{"2026-03-29 00:00", "2026-03-29 04:00", "2026-03-29 08:00"},
		{"2026-10-25 00:00", "2026-10-25 03:00", "2026-10-25 09:00"},
	} {
		points := make([]chart.Point, 3)
		for i := range on {
			points[i] = result(t, on[i], "5", "4..6")
		}
		c := one(t, chart.Wide, points[2], points[0], points[1])
		inTime := points[1].At.Sub(points[0].At).Seconds() / points[2].At.Sub(points[0].At).Seconds()
		drawn := (c.Markers[1].X - c.Markers[0].X) / (c.Markers[2].X - c.Markers[0].X)
		if difference := inTime - drawn; difference > 0.001 || difference < -0.001 {
			t.Errorf("%v: %.4f of the time, %.4f of the way", on, inTime, drawn)
		}
	}
}

// TestMidnightThatDoesNotExist: where summer time begins at midnight, the days
// of the axis go on.
func TestMidnightThatDoesNotExist(t *testing.T) {
	location, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	labels := french(t)
	labels.Location = location
	var points []chart.Point
	for day := 2; day <= 6; day++ {
		p := result(t, "2018-11-03", "5", "")
		p.At = time.Date(2018, 11, day, 12, 0, 0, 0, location)
		points = append(points, p)
	}
	c := chart.New(points, chart.Wide, labels)[0]
	if got := timeLabels(c)[0]; got != "2 3 4 5 6" {
		t.Errorf("days %s, want 2 3 4 5 6", got)
	}
	if problem := firstProblem(c); problem != "" {
		t.Error(problem)
	}
}

func TestVagueTimes(t *testing.T) {
	c := one(t, chart.Wide, result(t, "2024", "5", ""), result(t, "2025-06", "6", ""), result(t, "2026-11-17", "7", ""))
	if e := c.Markers[0].Extent; e == nil || (e.From+e.To)/2-c.Markers[0].X > 0.1 {
		t.Errorf("a year is drawn as %+v around %v", e, c.Markers[0].X)
	}
	if c.Markers[1].Extent == nil && c.Markers[2].Extent != nil {
		t.Errorf("extents: month %+v, day %+v", c.Markers[1].Extent, c.Markers[2].Extent)
	}
	onHours := one(t, chart.Wide, result(t, "2026-11-17", "5", ""), result(t, "2026-11-17 15:00", "6", ""))
	if onHours.Markers[0].Extent == nil || onHours.Markers[1].Extent != nil {
		t.Error("on an axis of hours, a result known to the day has an extent, one known to the minute none")
	}
}

func TestBandsStepAtMidGap(t *testing.T) {
	c := one(t, chart.Wide,
		result(t, "2022-01-01", "5", "4..10"), result(t, "2023-01-01", "5", "4..10"), result(t, "2024-01-01", "5", "3..9"),
		result(t, "2025-01-01", "5", ""), result(t, "2026-01-01", "5", "4.."))
	if len(c.Bands) != 3 {
		t.Fatalf("%d bands, want 3: %+v", len(c.Bands), c.Bands)
	}
	middle := func(i int) float64 { return (c.Markers[i].X + c.Markers[i+1].X) / 2 }
	near := func(name string, got, want float64) {
		t.Helper()
		if got-want > 0.11 || want-got > 0.11 {
			t.Errorf("%s at %v, want %v", name, got, want)
		}
	}
	first, second, third := c.Bands[0], c.Bands[1], c.Bands[2]
	near("first band begins", first.X, c.Plot.Left)
	near("first band ends", first.X+first.Width, middle(1))
	near("second band ends", second.X+second.Width, middle(2))
	near("third band begins", third.X, middle(3))
	near("third band ends", third.X+third.Width, c.Plot.Right)
	near("open side", third.Y, c.Plot.Top)
	if strings.Count(third.Edge, "M") != 1 || strings.Count(first.Edge, "M") != 2 {
		t.Errorf("edges %q and %q, want one and two", third.Edge, first.Edge)
	}
}

func TestBreaks(t *testing.T) {
	c := one(t, chart.Wide,
		result(t, "2022-01-01", "5", "", by("A")), result(t, "2023-01-01", "6", "", by("A")),
		result(t, "2024-01-01", "5", "", by("B")), result(t, "2025-01-01", "<4", "", by("B")),
		result(t, "2026-01-01", "7", "", by("B")), result(t, "2026-06-01", "8", "", by("B")))
	if len(c.Breaks) != 1 || c.Breaks[0].Label == nil || c.Breaks[0].Label.Words != "B" {
		t.Fatalf("breaks %+v, want one named B", c.Breaks)
	}
	if x := c.Breaks[0].X; x <= c.Markers[1].X || x >= c.Markers[2].X {
		t.Errorf("break at %v, not between %v and %v", x, c.Markers[1].X, c.Markers[2].X)
	}
	if got := strings.Count(c.Line, "M"); got != 2 {
		t.Errorf("%d pieces of line, want 2: it stops at the break and around the value below the limit", got)
	}
}

func TestUnitsNeverShareAnAxis(t *testing.T) {
	charts := chart.New(courses(t)["units"], chart.Wide, french(t))
	if len(charts) != 2 || charts[0].Unit != "g/dL" || charts[1].Unit != "g/L" {
		t.Fatalf("%d charts, want g/dL and then g/L", len(charts))
	}
}

func TestEveryStateHasItsShape(t *testing.T) {
	shapes := map[string]string{}
	for _, m := range one(t, chart.Wide, courses(t)["every-state"]...).Markers {
		state := m.Point
		state.At, state.Value, state.Label, state.Spoken, state.Anchor = time.Time{}, "", "", "", ""
		if state.Comparator != "" {
			state.Comparator = "beyond" // either limit has the ring
		}
		key, _ := json.Marshal(state)
		drawn := ""
		for _, glyph := range m.Glyphs {
			_, shape, _ := strings.Cut(glyph.D, " ") // without where it stands
			drawn += strings.TrimLeft(shape, "0123456789.")
		}
		if other, taken := shapes[drawn]; taken && other != string(key) {
			t.Errorf("%s is drawn as %s", key, other)
		}
		shapes[drawn] = string(key)
	}
	if len(shapes) != 11 {
		t.Errorf("%d shapes, want 11", len(shapes))
	}
}

func TestTextStaysLegible(t *testing.T) {
	const leastPixels = 11
	for size, shown := range map[chart.Size]float64{chart.Wide: 660, chart.Slim: 242} {
		c := one(t, size, result(t, "2026-11-17", "5.3", ""))
		if got := size.SmallestWidth(); got != shown {
			t.Errorf("smallest width %v, want %v", got, shown)
		}
		if pixels := chart.FontSize * size.SmallestWidth() / c.Width; pixels < leastPixels {
			t.Errorf("text of %.1f px at %v px", pixels, size.SmallestWidth())
		}
	}
}

func TestNewestLabelStays(t *testing.T) {
	c := one(t, chart.Slim,
		result(t, "2016-01-01", "5.3", ""), result(t, "2026-11-15", "5.3", ""), result(t, "2026-11-16", "5.3", ""), result(t, "2026-11-17", "5.4", ""))
	if c.Markers[0].Label == nil || c.Markers[3].Label == nil {
		t.Error("the first and the newest have room, and no label")
	}
	if c.Markers[2].Label != nil && c.Markers[1].Label != nil {
		t.Error("three labels in the place of one")
	}
}

func TestPlainLabels(t *testing.T) {
	c := chart.New([]chart.Point{result(t, "2026-11-17", "-5.3", "")}, chart.Wide, chart.Labels{})[0]
	if got := timeLabels(c)[1]; got != "2026-11" {
		t.Errorf("second row %q", got)
	}
	if got := valueLabels(c)[0]; !strings.HasPrefix(got, "-") {
		t.Errorf("lowest tick %q", got)
	}
}

// TestStandsAlone: the package knows nothing of the program around it.
func TestStandsAlone(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	for imported := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(imported, "guichet/") && imported != "guichet/web/chart" || imported == "html/template" {
			t.Errorf("imports %s", imported)
		}
	}
}
