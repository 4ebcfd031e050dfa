package chart_test

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/web/chart"
)

// TestDrawings compares whole drawings with those that were looked at. Run
// with UPDATE_DRAWINGS=1 after a wanted change, and look again.
func TestDrawings(t *testing.T) {
	for name, points := range courses(t) {
		t.Run(name, func(t *testing.T) {
			for _, size := range []chart.Size{chart.Wide, chart.Slim} {
				for i, c := range chart.New(points, size, french(t)) {
					suffix := map[chart.Size]string{chart.Wide: "wide", chart.Slim: "slim"}[size]
					if i > 0 {
						suffix += strconv.Itoa(i + 1)
					}
					file := filepath.Join("testdata", name+"-"+suffix+".svg")
					got := svg(c)
					if os.Getenv("UPDATE_DRAWINGS") != "" {
						if err := os.WriteFile(file, got, 0o644); err != nil {
							t.Fatal(err)
						}
						continue
					}
					want, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, want) {
						t.Errorf("%s has changed:\n%s", file, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
					}
				}
			}
		})
	}
}

// svg draws a chart as the page does, with the style sheet's rules inside so
// that the file can be looked at alone.
func svg(c *chart.Chart) []byte {
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	text := func(class string, t chart.Text) {
		p(`<text class="%s" x="%v" y="%v">%s</text>`, strings.TrimSpace(class+" "+t.Class), t.X, t.Y, html.EscapeString(t.Words))
	}
	p(`<svg xmlns="http://www.w3.org/2000/svg" class="tr" viewBox="0 0 %v %v" width="%v" height="%v">`, c.Width, c.Height, c.Width, c.Height)
	p(`<style>%s</style><rect class="sheet" width="100%%" height="100%%"/>`, rules)
	for _, band := range c.Bands {
		p(`<rect class="band" x="%v" y="%v" width="%v" height="%v"/>`, band.X, band.Y, band.Width, band.Height)
	}
	for _, tick := range c.ValueTicks {
		p(`<line class="grid" x1="%v" x2="%v" y1="%v" y2="%v"/>`, c.Plot.Left, c.Plot.Right, tick.Y, tick.Y)
		text("", tick.Label)
	}
	for _, band := range c.Bands {
		p(`<path class="edge" d="%s"/>`, band.Edge)
	}
	p(`<line class="axis" x1="%v" x2="%v" y1="%v" y2="%v"/>`, c.Plot.Left, c.Plot.Right, c.Plot.Bottom, c.Plot.Bottom)
	for _, tick := range c.TimeTicks {
		p(`<line class="axis" x1="%v" x2="%v" y1="%v" y2="%v"/>`, tick.X, tick.X, c.Plot.Bottom, tick.End)
	}
	for _, label := range c.TimeLabels {
		text("", label)
	}
	for _, br := range c.Breaks {
		p(`<line class="brk" x1="%v" x2="%v" y1="%v" y2="%v"/>`, br.X, br.X, br.Top, c.Plot.Bottom)
		if br.Label != nil {
			text("brk-t", *br.Label)
		}
	}
	p(`<path class="ln" d="%s"/>`, c.Line)
	for _, m := range c.Markers {
		p(`<a href="#%s" aria-label="%s">`, html.EscapeString(m.Point.Anchor), html.EscapeString(m.Point.Spoken))
		if m.Extent != nil {
			p(`<path class="ext" d="%s"/>`, m.Extent.D)
		}
		for _, glyph := range m.Glyphs {
			p(`<path class="pt %s" d="%s"/>`, glyph.Class, glyph.D)
		}
		if m.Label != nil {
			text("pv", *m.Label)
		}
		p(`<circle class="hit" cx="%v" cy="%v" r="%v"/></a>`, m.X, m.Y, m.Hit)
	}
	p(`</svg>`)
	return b.Bytes()
}

const rules = `
text{font:400 15px "Source Sans 3",sans-serif;fill:#454d50}.sheet{fill:#fff}.grid{stroke:#ddd}.axis{stroke:#7b8488}
.band{fill:#d3e8e4;shape-rendering:crispEdges}.edge{stroke:#2f7f74;stroke-width:1.75;fill:none}.ln{stroke:#454d50;stroke-width:2;fill:none}
.brk{stroke:#7a4f00;stroke-width:2;stroke-dasharray:6 4}.brk-t{fill:#7a4f00;font-weight:600}.ext{stroke:#17212b;stroke-width:1.5;fill:none}
.pt{stroke:#fff;stroke-width:2.5;paint-order:stroke;fill:#17212b}.pt.high{fill:#a33b12}.pt.low{fill:#1d4f91}.pt.crit{fill:#9b1030}
.pt.corr,.pt.cens{fill:#fff;stroke:#17212b}.pv{font-weight:650;font-size:16px;fill:#17212b;stroke:#fff;stroke-width:4;paint-order:stroke}
.mid,.pv{text-anchor:middle}.end{text-anchor:end}.hit{fill:transparent}
`

// french writes as the portal does.
func french(t testing.TB) chart.Labels {
	t.Helper()
	months := [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}
	return chart.Labels{
		Location: paris(t),
		Number:   func(decimal string) string { return strings.NewReplacer(".", ",", "-", "−").Replace(decimal) },
		Time: func(at time.Time, form chart.TimeForm) string {
			month := months[at.Month()-1]
			switch form {
			case chart.Month:
				return month
			case chart.MonthAndYear:
				return month + at.Format(" 2006")
			case chart.Day:
				return strconv.Itoa(at.Day())
			case chart.Date:
				return at.Format("02/01/2006")
			case chart.Hour:
				return at.Format("15 h 04")
			}
			return at.Format("2006")
		},
		Break: func(_, after chart.Point) string { return after.Break },
	}
}

func paris(t testing.TB) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// result is one point written shortly: on 2026-11-17 or 2026-11-17 07:42, or
// 2026; a value as 11.2 or <5; an interval as 12.0..16.0, either side empty.
func result(t testing.TB, on, value, interval string, change ...func(*chart.Point)) chart.Point {
	t.Helper()
	layouts := map[int]struct {
		layout    string
		precision chart.Precision
	}{4: {"2006", chart.ToYear}, 7: {"2006-01", chart.ToMonth}, 10: {"2006-01-02", chart.ToDay}, 16: {"2006-01-02 15:04", chart.ToMinute}}
	at, err := time.ParseInLocation(layouts[len(on)].layout, on, paris(t))
	if err != nil {
		t.Fatal(err)
	}
	low, high, _ := strings.Cut(interval, "..")
	digits := strings.TrimLeft(value, "<>")
	p := chart.Point{
		At: at, Precision: layouts[len(on)].precision, Value: digits, Comparator: strings.TrimSuffix(value, digits), Unit: "g/dL",
		Interval: chart.Interval{Low: low, High: high}, Place: chart.Within,
		Label: strings.Replace(value, ".", ",", 1), Spoken: on + " : " + value, Anchor: "m-" + on,
	}
	for _, f := range change {
		f(&p)
	}
	return p
}

func high(p *chart.Point)      { p.Place = chart.Above }
func low(p *chart.Point)       { p.Place = chart.Below }
func odd(p *chart.Point)       { p.Place = chart.Abnormal }
func critical(p *chart.Point)  { p.Critical = true }
func corrected(p *chart.Point) { p.Corrected = true }
func in(unit string) func(*chart.Point) {
	return func(p *chart.Point) { p.Unit = unit }
}
func by(method string) func(*chart.Point) {
	return func(p *chart.Point) { p.Break = method }
}

// courses are the drawings that a person has looked at.
func courses(t testing.TB) map[string][]chart.Point {
	r := func(on, value, interval string, change ...func(*chart.Point)) chart.Point {
		return result(t, on, value, interval, change...)
	}
	newer := by("Changement d’automate")
	many := make([]chart.Point, 0, 200)
	for i := range 200 {
		day := time.Date(2019, 1, 3+i*14, 12, 0, 0, 0, time.UTC)
		value := strconv.FormatFloat(4.2+float64((i*7919)%23)/20+float64(i%40)/60, 'f', 1, 64)
		p := r(day.Format("2006-01-02"), value, "3.5..5.0")
		if p.Value > "5.0" {
			high(&p)
		}
		many = append(many, p)
	}
	return map[string][]chart.Point{
		"haemoglobin": {
			r("2022-02-08", "13.1", "12.0..16.0"), r("2022-09-21", "12.7", "12.0..16.0"), r("2023-03-15", "11.6", "10.5..14.0"),
			r("2023-06-30", "11.3", "11.0..14.0"), r("2024-01-22", "12.6", "12.0..16.0"), r("2025-11-03", "12.9", "12.0..16.0", newer),
			r("2026-05-12", "12.4", "12.0..16.0", newer, corrected), r("2026-11-17", "11.2", "12.0..16.0", newer, low),
		},
		"one": {r("2026-11-17 07:42", "5.30", "4.00..10.00")},
		"every-state": {
			r("2026-01-05", "7.2", "4.0..10.0"), r("2026-02-05", "12.1", "4.0..10.0", high), r("2026-03-05", "18.4", "4.0..10.0", high, critical),
			r("2026-04-05", "3.1", "4.0..10.0", low), r("2026-05-05", "1.2", "4.0..10.0", low, critical), r("2026-06-05", "6.0", "4.0..10.0", odd),
			r("2026-07-05", "7.7", "4.0..10.0", corrected), r("2026-08-05", "11.0", "4.0..10.0", corrected, high), r("2026-09-05", "<0.5", "4.0..10.0", low),
			r("2026-10-05", ">20.0", "4.0..10.0", high, critical), r("2026-11-05", "<5.0", "4.0..10.0", corrected), r("2026-12-05", "8.0", "4.0..10.0"),
		},
		"below-limit": {
			r("2024-03-01", "<5", "..5"), r("2024-09-01", "<5", "..5"), r("2025-03-01", "<4", "..5"), r("2026-03-01", "<5", "..5"),
		},
		"outlier": {
			r("2023-03-01", "3", "..5"), r("2023-09-01", "2", "..5"), r("2024-03-01", "1250", "..5", high, critical), r("2024-03-09", "80", "..5", high),
			r("2024-06-01", "4", "..5"), r("2025-01-01", "3", "..5"),
		},
		"open": {
			r("2022-03-01", "88", "60.."), r("2022-10-01", "91", "60.."), r("2023-03-01", "84", "90.."), r("2024-03-01", "79", "60..120"), r("2025-05-01", "83", ""),
		},
		"negative": {
			r("2026-03-01", "-3.1", "-2.0..2.0", low), r("2026-03-02", "-1.4", "-2.0..2.0"), r("2026-03-04", "0.3", "-2.0..2.0"), r("2026-03-20", "2.6", "-2.0..2.0", high),
		},
		"one-night": {
			r("2026-03-28 22:10", "14", "..14"), r("2026-03-29 01:15", "58", "..14", high), r("2026-03-29 04:20", "122", "..14", high), r("2026-03-29 10:05", "96", "..14", high),
		},
		"vague-dates": {
			r("2015", "1.10", "0.70..1.10"), r("2018-06", "1.02", "0.70..1.10"), r("2019-02-11", "0.98", "0.70..1.10"), r("2020-01-06", "0.91", "0.70..1.10"),
		},
		"no-interval": {r("2025-01-15", "140", ""), r("2025-06-15", "141", ""), r("2026-01-15", "139", "")},
		"units": {
			r("2019-01-15", "131", "120..160", in("g/L")), r("2020-06-15", "127", "120..160", in("g/L")), r("2021-01-15", "13.3", "12.0..16.0"), r("2022-01-15", "12.9", "12.0..16.0"),
		},
		"many": many,
		"same-instant": {
			r("2026-11-17 07:42", "5.3", "4.0..10.0"), r("2026-11-17 07:42", "5.9", "3.5..9.5"),
		},
		"laboratories": {
			r("2024-01-10", "0.9", "0.4..4.0", by("Laboratoire Bio-Vallon")), r("2024-07-10", "1.2", "0.3..3.8", by("Laboratoire du centre hospitalier")),
			r("2024-12-10", "1.1", "0.4..4.0", by("Laboratoire Bio-Vallon")), r("2025-06-10", "4.4", "0.3..3.8", by("Laboratoire du centre hospitalier"), high),
		},
	}
}
