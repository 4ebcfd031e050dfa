package chart_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/web/chart"
)

// drawPoints makes courses of every shape: close together or decades apart,
// flat or over many magnitudes, at one instant, in several units.
func drawPoints(t *rapid.T, location *time.Location) []chart.Point {
	count := rapid.OneOf(rapid.IntRange(1, 6), rapid.IntRange(1, 60), rapid.IntRange(150, 200)).Draw(t, "count")
	spread := rapid.SampledFrom([]int64{0, 600, 86_400, 40 * 86_400, 3 * 365 * 86_400, 80 * 365 * 86_400}).Draw(t, "seconds")
	start := rapid.Int64Range(-1_000_000_000, 3_000_000_000).Draw(t, "start")
	magnitude := rapid.SampledFrom([]float64{0, 1e-6, 0.1, 5, 300, 1e6, 9e11}).Draw(t, "magnitude")
	decimals := rapid.IntRange(0, 6).Draw(t, "decimals")
	number := func(name string) string {
		return strconv.FormatFloat(rapid.Float64Range(-magnitude/4, magnitude).Draw(t, name), 'f', decimals, 64)
	}
	points := make([]chart.Point, count)
	for i := range points {
		p := chart.Point{
			At:         time.Unix(start+rapid.Int64Range(0, spread).Draw(t, "after"), 0).In(location),
			Precision:  chart.Precision(rapid.SampledFrom([]int{1, 2, 3, 3, 3, 4, 5}).Draw(t, "precision")),
			Value:      number("value"),
			Comparator: rapid.SampledFrom([]string{"", "", "", "", "<", "≥"}).Draw(t, "comparator"),
			Unit:       rapid.SampledFrom([]string{"g/L", "g/L", "g/L", "mmol/L"}).Draw(t, "unit"),
			Break:      rapid.SampledFrom([]string{"a", "a", "a", "b"}).Draw(t, "break"),
			Place:      chart.Place(rapid.IntRange(0, 4).Draw(t, "place")),
			Critical:   rapid.Bool().Draw(t, "critical"),
			Corrected:  rapid.Bool().Draw(t, "corrected"),
			Anchor:     strconv.Itoa(i),
		}
		if rapid.Bool().Draw(t, "has low") {
			p.Interval.Low = number("low")
		}
		if rapid.Bool().Draw(t, "has high") {
			p.Interval.High = number("high")
		}
		p.Label = p.Comparator + p.Value
		points[i] = p
	}
	return points
}

func TestEveryChart(t *testing.T) {
	labels := french(t)
	rapid.Check(t, func(t *rapid.T) {
		points := drawPoints(t, labels.Location)
		size := rapid.SampledFrom([]chart.Size{chart.Wide, chart.Slim}).Draw(t, "size")
		charts := chart.New(points, size, labels)
		drawn := 0
		for _, c := range charts {
			drawn += len(c.Markers)
			if problem := firstProblem(c); problem != "" {
				t.Fatal(problem)
			}
		}
		if drawn != len(points) {
			t.Fatalf("%d of %d points drawn", drawn, len(points))
		}
		shuffled := rapid.Permutation(points).Draw(t, "shuffled")
		if difference := cmp.Diff(charts, chart.New(shuffled, size, labels)); difference != "" {
			t.Fatalf("depends on the order of the input:\n%s", difference)
		}
	})
}

// firstProblem says what a chart breaks of its promises, or nothing.
func firstProblem(c *chart.Chart) string {
	for _, problem := range []string{
		axisProblem(c), textProblem(c), markerProblem(c), bandProblem(c), lineProblem(c), coordinateProblem(c),
	} {
		if problem != "" {
			return problem
		}
	}
	return ""
}

func axisProblem(c *chart.Chart) string {
	if c.Plot.Left >= c.Plot.Right || c.Plot.Top >= c.Plot.Bottom {
		return fmt.Sprint("plot turned over: ", c.Plot)
	}
	if len(c.ValueTicks) < 2 || len(c.ValueTicks) > 11 {
		return fmt.Sprint(len(c.ValueTicks), " ticks of value")
	}
	for i, tick := range c.ValueTicks {
		if tick.Y < c.Plot.Top || tick.Y > c.Plot.Bottom {
			return fmt.Sprint("tick of value outside the plot: ", tick)
		}
		if i > 0 && (tick.Y >= c.ValueTicks[i-1].Y || tick.Label.Words == c.ValueTicks[i-1].Label.Words) {
			return fmt.Sprint("ticks of value out of order: ", c.ValueTicks)
		}
	}
	for i, tick := range c.TimeTicks {
		if tick.X < c.Plot.Left || tick.X > c.Plot.Right || tick.End > c.Height {
			return fmt.Sprint("tick of time outside the plot: ", tick)
		}
		if i > 0 && tick.X <= c.TimeTicks[i-1].X {
			return fmt.Sprint("ticks of time out of order: ", c.TimeTicks)
		}
	}
	if len(c.TimeLabels) == 0 {
		return "no label on the axis of time"
	}
	return ""
}

// textProblem: no text leaves the drawing, no value leaves the plot, and no
// text lies on another.
func textProblem(c *chart.Chart) string {
	drawing := chart.Box{Right: c.Width, Bottom: c.Height}
	type placed struct {
		chart.Text
		box chart.Box
	}
	var texts []placed
	add := func(t chart.Text, size float64) { texts = append(texts, placed{t, chart.BoxOf(t, size)}) }
	for _, tick := range c.ValueTicks {
		add(tick.Label, chart.FontSize)
	}
	for _, label := range c.TimeLabels {
		add(label, chart.FontSize)
	}
	for _, b := range c.Breaks {
		if b.Label != nil {
			add(*b.Label, chart.FontSize)
		}
	}
	for _, m := range c.Markers {
		if m.Label == nil {
			continue
		}
		add(*m.Label, chart.LabelSize)
		if box := chart.BoxOf(*m.Label, chart.LabelSize); !holds(grown(c.Plot), box) {
			return fmt.Sprintf("label %q outside the plot: %v", m.Label.Words, box)
		}
	}
	for i, a := range texts {
		if !holds(grown(drawing), a.box) {
			return fmt.Sprintf("text %q outside the drawing: %v", a.Words, a.box)
		}
		for _, b := range texts[:i] {
			if chart.Overlap(shrunk(a.box), shrunk(b.box)) {
				return fmt.Sprintf("texts %q and %q overlap: %v %v", a.Words, b.Words, a.box, b.box)
			}
		}
	}
	return ""
}

func holds(b, inner chart.Box) bool {
	return b.Left <= inner.Left && inner.Right <= b.Right && b.Top <= inner.Top && inner.Bottom <= b.Bottom
}

// grown and shrunk allow for the rounding of coordinates.
func grown(b chart.Box) chart.Box {
	return chart.Box{Left: b.Left - 0.1, Top: b.Top - 0.1, Right: b.Right + 0.1, Bottom: b.Bottom + 0.1}
}

func shrunk(b chart.Box) chart.Box {
	return chart.Box{Left: b.Left + 0.1, Top: b.Top + 0.1, Right: b.Right - 0.1, Bottom: b.Bottom - 0.1}
}

// markerProblem: every marker lies in the plot with all its shapes, in order
// of time, at a height that follows its value.
func markerProblem(c *chart.Chart) string {
	for i, m := range c.Markers {
		for _, glyph := range m.Glyphs {
			if box := extentOf(glyph.D); !holds(grown(c.Plot), box) {
				return fmt.Sprintf("marker outside the plot: %v at %v, %v", glyph, m.X, m.Y)
			}
		}
		if len(m.Glyphs) == 0 {
			return "a result without a shape"
		}
		if e := m.Extent; e != nil && (e.From < c.Plot.Left || e.To > c.Plot.Right || e.From > m.X || e.To < m.X) {
			return fmt.Sprint("extent of time outside the plot or beside its marker: ", *e)
		}
		for _, other := range c.Markers[:i] {
			a, _, _ := chart.ReadDecimal(m.Point.Value)
			b, _, _ := chart.ReadDecimal(other.Point.Value)
			if a > b && m.Y > other.Y || a < b && m.Y < other.Y || a == b && m.Y != other.Y {
				return fmt.Sprintf("%v at %v but %v at %v", a, m.Y, b, other.Y)
			}
		}
		if i > 0 && m.X < c.Markers[i-1].X {
			return "markers out of order"
		}
	}
	if last := c.Markers[len(c.Markers)-1]; last.Label == nil && last.Point.Label != "" && len(last.Point.Label) < 12 {
		return fmt.Sprintf("the newest result has no label: %+v in %+v", last, c.Plot)
	}
	return ""
}

// bandProblem: bands follow each other without overlap, and every result with
// an interval stands in its own.
func bandProblem(c *chart.Chart) string {
	end := c.Plot.Left
	for _, b := range c.Bands {
		if b.X < end-0.01 || b.Width <= 0 || b.Height < 0 {
			return fmt.Sprint("band overlaps or is empty: ", b)
		}
		end = b.X + b.Width
		if b.Y < c.Plot.Top || b.Y+b.Height > c.Plot.Bottom+0.01 {
			return fmt.Sprint("band outside the plot: ", b)
		}
	}
	if end > c.Plot.Right+0.01 {
		return "bands leave the plot"
	}
	for i, m := range c.Markers {
		if i > 0 && m.X-c.Markers[i-1].X < 1 || i < len(c.Markers)-1 && c.Markers[i+1].X-m.X < 1 {
			continue // too close for a band to be told from the next
		}
		at := slices.IndexFunc(c.Bands, func(b chart.Band) bool { return b.X <= m.X && m.X <= b.X+b.Width })
		if bounded := hasInterval(m.Point); bounded != (at >= 0) {
			return fmt.Sprintf("result with interval %v stands in band %d of %v", m.Point.Interval, at, c.Bands)
		}
	}
	return ""
}

func hasInterval(p chart.Point) bool {
	low, _, hasLow := chart.ReadDecimal(p.Interval.Low)
	high, _, hasHigh := chart.ReadDecimal(p.Interval.High)
	return (hasLow || hasHigh) && !(hasLow && hasHigh && low > high)
}

// lineProblem: the line holds exactly the steps between comparable numbers.
func lineProblem(c *chart.Chart) string {
	joined := map[string]bool{}
	for _, run := range regexp.MustCompile(`M[^M]*`).FindAllString(c.Line, -1) {
		vertices := regexp.MustCompile(`[ML]`).Split(run, -1)[1:]
		for i := 1; i < len(vertices); i++ {
			joined[vertices[i-1]+"L"+vertices[i]] = true
		}
	}
	vertex := func(m chart.Marker) string { return fmt.Sprintf("%v %v", m.X, m.Y) }
	steps := map[string]bool{}
	for i := 1; i < len(c.Markers); i++ {
		a, b := c.Markers[i-1], c.Markers[i]
		if a.Point.Break == b.Point.Break && a.Point.Comparator == "" && b.Point.Comparator == "" {
			steps[vertex(a)+"L"+vertex(b)] = true
		}
	}
	return cmp.Diff(steps, joined)
}

// coordinateProblem: nothing is drawn finer than a tenth.
func coordinateProblem(c *chart.Chart) string {
	numbers := []float64{c.Plot.Left, c.Plot.Top, c.Plot.Right, c.Plot.Bottom}
	for _, m := range c.Markers {
		numbers = append(numbers, m.X, m.Y)
		if m.Label != nil {
			numbers = append(numbers, m.Label.X, m.Label.Y)
		}
	}
	for _, b := range c.Bands {
		numbers = append(numbers, b.X, b.Y, b.Width, b.Height)
	}
	for _, tick := range c.ValueTicks {
		numbers = append(numbers, tick.Y, tick.Label.X, tick.Label.Y)
	}
	for _, label := range c.TimeLabels {
		numbers = append(numbers, label.X, label.Y)
	}
	for _, x := range numbers {
		if text := strconv.FormatFloat(x, 'f', -1, 64); !regexp.MustCompile(`^\d+(\.\d)?$`).MatchString(text) {
			return "coordinate " + text
		}
	}
	return ""
}

// extentOf walks a path and returns what it covers.
func extentOf(d string) chart.Box {
	box := chart.Box{Left: math.Inf(1), Top: math.Inf(1), Right: math.Inf(-1), Bottom: math.Inf(-1)}
	x, y := 0.0, 0.0
	cover := func(x, y, r float64) {
		box = chart.Box{Left: min(box.Left, x-r), Top: min(box.Top, y-r), Right: max(box.Right, x+r), Bottom: max(box.Bottom, y+r)}
	}
	for _, command := range regexp.MustCompile(`[MLlah][^MLlahz]*`).FindAllString(d, -1) {
		var n []float64
		for _, text := range regexp.MustCompile(`-?[\d.]+`).FindAllString(command[1:], -1) {
			v, _ := strconv.ParseFloat(text, 64)
			n = append(n, v)
		}
		switch command[0] {
		case 'M', 'L':
			x, y = n[0], n[1]
			cover(x, y, 0)
		case 'l':
			x, y = x+n[0], y+n[1]
			cover(x, y, 0)
		case 'h':
			x += n[0]
			cover(x, y, 0)
		case 'a': // half of a circle around the middle of the chord
			cover(x+n[5]/2, y, n[0])
			x += n[5]
		}
	}
	return box
}

func FuzzNew(f *testing.F) {
	f.Add(int64(1_700_000_000), int64(86_400), 3, "5.30", "<", "4.0", "10.0", "g/L", "", 17)
	f.Add(int64(0), int64(0), 1, "-0", "", "1", "", "", "", 1)
	f.Add(int64(1_774_742_400), int64(3600), 4, "999999999999", "", "", "0.0000001", "%", "<script>", 40)
	f.Add(int64(math.MinInt64), int64(math.MaxInt64), 5, "NaN", ">", "Inf", "1e9", "\x00", "\xff", 3)
	labels := french(f)
	f.Fuzz(func(t *testing.T, start, apart int64, precision int, value, comparator, low, high, unit, label string, count int) {
		points := make([]chart.Point, min(max(count, 0), 80))
		for i := range points {
			points[i] = chart.Point{
				At: time.Unix(start+apart*int64(i), 0), Precision: chart.Precision(precision), Value: value, Comparator: comparator,
				Interval: chart.Interval{Low: low, High: high}, Unit: unit, Label: label,
			}
			if i%3 == 1 {
				points[i].Value, points[i].Precision = low, chart.ToDay
			}
		}
		for _, size := range []chart.Size{chart.Wide, chart.Slim} {
			for _, c := range chart.New(points, size, labels) {
				if problem := firstProblem(c); problem != "" {
					t.Fatal(problem)
				}
			}
		}
	})
}
