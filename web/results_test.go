package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"math"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"guichet/record"
)

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		flag    record.Flag
		want    string
		class   literal
		counted counting
		marker  marker
	}{
		{"H", "↑ au-dessus", "high", outInterval, above},
		{"HU", "↑ bien au-dessus", "high", outInterval, above},
		{"HH", "↑↑ très au-dessus", "crit", outInterval, above},
		{"L", "↓ au-dessous", "low", outInterval, below},
		{"LU", "↓ bien au-dessous", "low", outInterval, below},
		{"LL", "↓↓ très au-dessous", "crit", outInterval, below},
		{">", "↑ au-delà du seuil", "high", singledOut, above},
		{"<", "↓ sous le seuil", "low", singledOut, below},
		{"A", "! anormal", "high", singledOut, within},
		{"AA", "!! très anormal", "crit", singledOut, within},
		{"POS", "+ positif", "high", singledOut, within},
		{"DET", "+ détecté", "high", singledOut, within},
		{"RR", "+ réactif", "high", singledOut, within},
		{"WR", "+ réactif faible", "high", singledOut, within},
		{"N", " dans l’intervalle", "in", uncounted, within},
		{"NEG", " négatif", "in", uncounted, within},
		{"ND", " non détecté", "in", uncounted, within},
		{"NR", " non réactif", "in", uncounted, within},
		{"IND", " indéterminé", "na", uncounted, within},
		{"U", " en hausse notable", "na", uncounted, within},
		{"D", " en baisse notable", "na", uncounted, within},
		{"B", " en amélioration", "na", uncounted, within},
		{"W", " en aggravation", "na", uncounted, within},
		{"S", " sensible", "s", uncounted, within},
		{"VS", " très sensible", "s", uncounted, within},
		{"I", " sensible à forte posologie", "i", uncounted, within},
		{"MS", " modérément sensible", "i", uncounted, within},
		{"SDD", " sensible selon la dose", "i", uncounted, within},
		{"R", " résistant", "r", uncounted, within},
		{"NS", " non sensible", "r", uncounted, within},
		{"h", " h", "na", ownWords, within},
		{"XYZ", " XYZ", "na", ownWords, within},
	} {
		v := newWeb(t).french.say.Flag.verdictOf(c.flag, true)
		if got := v.sign + " " + v.words; got != c.want || v.class != c.class || v.counting != c.counted || v.marker != c.marker {
			t.Errorf("%s: %q %s %d %d", c.flag, got, v.class, v.counting, v.marker)
		}
	}
	if got := newWeb(t).french.say.Flag.verdictOf("N", false).words; got != "conforme à l’attendu" {
		t.Errorf("N without an interval: %q", got)
	}
}

func TestTheGravestFlagGivesTheEdge(t *testing.T) {
	for _, c := range []struct {
		flags []record.Flag
		want  literal
	}{
		{nil, ""}, {[]record.Flag{"N"}, ""}, {[]record.Flag{"", "R"}, ""}, {[]record.Flag{"N", "H"}, "out high"},
		{[]record.Flag{"L", "W"}, "out low"}, {[]record.Flag{"L", "LL"}, "out crit"}, {[]record.Flag{"A", "B"}, "out high"},
	} {
		if got := rowClass(gravest(newWeb(t).french.say.Flag.verdictsOf(c.flags, true))); got != c.want {
			t.Errorf("%q: %q, want %q", c.flags, got, c.want)
		}
	}
}

func TestReferenceIntervals(t *testing.T) {
	for _, c := range []struct{ printed, unit, shown, low, high string }{
		{"4.0-10.0", "G/L", "4,0 à 10,0", "4.0", "10.0"},
		{"4,0 - 10,0", "", "4,0 à 10,0", "4.0", "10.0"},
		{"80 to 95", "", "80 à 95", "80", "95"},
		{"4,0 à 10,0 G/L", "G/L", "4,0 à 10,0", "4.0", "10.0"},
		{"(136–145)", "mmol/L", "136 à 145", "136", "145"},
		{"[0.0 - 5.6]", "", "0,0 à 5,6", "0.0", "5.6"},
		{"-2.5-2.5", "", "-2,5 à 2,5", "-2.5", "2.5"},
		{"-5--2", "", "-5 à -2", "-5", "-2"},
		{"150000-400000", "", "150 000 à 400 000", "150000", "400000"},
		{"<5", "mg/L", "< 5", "", "5"},
		{"<10000", "", "< 10 000", "", "10000"},
		{"<= 0.5", "", "≤ 0,5", "", "0.5"},
		{">60", "", "> 60", "60", ""},
		{"≥1.2204", "", "≥ 1,2204", "1.2204", ""},
		// Not beyond doubt: shown as printed, drawn nowhere.
		{"", "", "", "", ""},
		{"10-4", "", "10-4", "", ""},
		{"4,000-10,000", "", "4,000-10,000", "", ""},
		{"70_105", "", "70_105", "", ""},
		{"<10 = Negative", "", "< 10 = Negative", "", ""},
		{"<10 ug/dl", "mg/L", "< 10 ug/dl", "", ""},
		{"Not Detected", "", "Not Detected", "", ""},
		{"négatif si < 0.5", "", "négatif si < 0,5", "", ""},
		{"1-2-3", "", "1-2-3", "", ""},
		{"2026-01-02", "", "2026-01-02", "", ""},
	} {
		shown, in, known := newWeb(t).french.reference(c.printed, c.unit)
		if plain(shown) != c.shown {
			t.Errorf("%q is shown as %q, want %q", c.printed, shown, c.shown)
		}
		if !known {
			in = interval{}
		}
		if in.low != c.low || in.high != c.high {
			t.Errorf("%q is read as %q to %q, want %q to %q", c.printed, in.low, in.high, c.low, c.high)
		}
	}
}

func FuzzReference(f *testing.F) {
	for _, s := range []string{"4.0-10.0", "<5", "≥ 60", "-5--2", "(1–2)", "80 to 95", "4,000-10,000", "<", "-", "à"} {
		f.Add(s, "mg/L")
	}
	french := newWeb(f).french
	f.Fuzz(func(t *testing.T, printed, unit string) {
		shown, in, known := french.reference(printed, unit)
		if !known {
			return
		}
		if in.low != "" && in.high != "" && value(in.low) >= value(in.high) {
			t.Errorf("%q was read upside down", printed)
		}
		if shown == "" || in.low == "" && in.high == "" {
			t.Errorf("%q was read as an interval without bounds", printed)
		}
		o := measured("x", "5.3", unit, printed)
		if line, ok := drawLine(&o, in); ok && !(line.at >= lineStart && line.at <= lineEnd && line.bandFrom < line.bandTo) {
			t.Errorf("%q was drawn at %v", printed, line)
		}
	})
}

func TestNumberLineGeometry(t *testing.T) {
	for _, c := range []struct {
		value, reference   string
		at, bandFrom, band float64
	}{
		{"4.0", "4.0-10.0", 65.7, 65.7, 174.3},
		{"7.0", "4.0-10.0", 120, 65.7, 174.3},
		{"10.0", "4.0-10.0", 174.3, 65.7, 174.3},
		{"1000", "4.0-10.0", 234, 65.7, 174.3},
		{"-1000", "4.0-10.0", 6, 65.7, 174.3},
		{"2.31", "<2.00", 144.6, 6, 126},
		{"0", "<2.00", 6, 6, 126},
		{"0.58", ">0.50", 109.2, 90, 234},
		{"0", "-2-2", 120, 65.7, 174.3},
	} {
		o := measured("x", c.value, "", c.reference)
		in, _ := parseInterval(o.Reference, o.Unit)
		line, ok := drawLine(&o, in)
		if !ok || math.Abs(line.at-c.at) > 0.05 || line.bandFrom != c.bandFrom || line.bandTo != c.band {
			t.Errorf("%s in %s: %+v", c.value, c.reference, line)
		}
	}
}

func TestNothingInDoubtIsDrawn(t *testing.T) {
	structured := measured("x", "", "", "4-10")
	structured.Value = record.Value{Kind: record.Structured, Text: "<5"}
	for _, o := range []record.Observation{
		structured, measured("x", "5.3 env.", "", "4-10"), measured("x", "5.3", "", "négatif"), measured("x", "5.3", "", "<0"), measured("x", "5.3", "", ">-1"), measured("x", "5.3", "", ""),
	} {
		in, _ := parseInterval(o.Reference, o.Unit)
		if _, drawn := drawLine(&o, in); drawn {
			t.Errorf("%q in %q was drawn", o.Value.Text, o.Reference)
		}
	}
}

func TestAnEarlierResultIsDrawnAgainstItsOwnIntervalOnly(t *testing.T) {
	o := measured("x", "5", "g/L", "4-10")
	earlier := record.Previous{Value: record.Value{Kind: record.Numeric, Text: "7"}, Unit: "g/L", Reference: "4-10"}
	for _, c := range []struct {
		change func(*record.Previous)
		want   bool
	}{
		{func(*record.Previous) {}, true},
		{func(p *record.Previous) { p.Unit = "mg/L" }, false},
		{func(p *record.Previous) { p.Reference = "5-11" }, false},
		{func(p *record.Previous) { p.Value = record.Value{Kind: record.Structured, Text: "<7"} }, false},
	} {
		p := earlier
		c.change(&p)
		o.Previous = []record.Previous{p}
		in, _ := parseInterval(o.Reference, o.Unit)
		if line, _ := drawLine(&o, in); line.hasPrevious != c.want {
			t.Errorf("%+v: drawn %t", p, line.hasPrevious)
		}
	}
}

func TestTheMarkerFollowsTheFlagNotThePosition(t *testing.T) {
	w := newWeb(t)
	for _, c := range []struct {
		flags []record.Flag
		want  string
	}{
		{nil, `<circle class="nl-pt in"`}, {[]record.Flag{"N"}, `<circle class="nl-pt in"`}, {[]record.Flag{"H"}, `<path class="nl-pt high"`},
		{[]record.Flag{"LL"}, `<path class="nl-pt crit"`}, {[]record.Flag{"L"}, `<path class="nl-pt low"`},
	} {
		page := ReportPage{Report: &record.Report{Panels: []record.Panel{{Observations: []record.Observation{measured("x", "900", "", "4-10", c.flags...)}}}}}
		if _, source := renderedPage(t, w, page); !strings.Contains(source, c.want) {
			t.Errorf("%q: no %s", c.flags, c.want)
		}
	}
}

func TestNoNumberIsSpokenTwice(t *testing.T) {
	doc, _ := renderedPage(t, newWeb(t), ReportPage{Report: fullReport(t)})
	for _, svg := range all(doc, tagged("svg")) {
		if textOf(svg) != "" {
			t.Error("a picture holds text")
		}
	}
}

// Escaping by hand gives what html/template gives, and a parser gives back
// what was written, between tags and within quotes.
func FuzzMarkupText(f *testing.F) {
	for _, s := range []string{"", "a", `<script>"'&`, "a\x00b", "\xff", "é<\u202e", "&lt;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var m markup
		m.text(s)
		if got, want := m.b.String(), template.HTMLEscapeString(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		doc, err := html.Parse(strings.NewReader(fmt.Sprintf(`<p title="%s">%s</p>`, m.b.String(), m.b.String())))
		if err != nil {
			t.Fatal(err)
		}
		paragraphs := all(doc, tagged("p"))
		title, _ := attr(paragraphs[0], "title")
		if len(paragraphs) != 1 || len(paragraphs[0].Attr) != 1 || title != asParsed(s) || textOf(paragraphs[0]) != asParsed(s) {
			t.Errorf("%q was parsed as %q and %q", s, title, textOf(paragraphs[0]))
		}
	})
}

// raw takes what this program wrote, never data: no variable may be converted
// to a literal, and template.HTML is made in one place.
func TestOnlyConstantsAreRaw(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				if fun.Name == "literal" {
					t.Errorf("%s converts to literal", file.Name())
				}
			case *ast.SelectorExpr:
				pkg, ok := fun.X.(*ast.Ident)
				if !ok || pkg.Name != "template" {
					break
				}
				switch fun.Sel.Name {
				case "HTML":
					made++
				case "HTMLAttr", "JS", "JSStr", "CSS", "URL", "Srcset":
					t.Errorf("%s makes a template.%s", file.Name(), fun.Sel.Name)
				}
			}
			return true
		})
	}
	if made != 1 {
		t.Errorf("template.HTML is made in %d places, want 1", made)
	}
}

func TestUnitsAreSpokenInFull(t *testing.T) {
	for unit, want := range map[string]string{
		"g/L": "grammes par litre", "G/L": "milliards par litre", "µmol/L": "micromoles par litre", "mL/min/1,73 m²": "millilitres par minute pour 1,73 mètre carré", "beats/min": "", "": "",
	} {
		if got := newWeb(t).french.spokenUnit(unit); got != want {
			t.Errorf("%s: %q, want %q", unit, got, want)
		}
	}
}
