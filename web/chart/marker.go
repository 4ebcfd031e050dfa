package chart

// Glyph is one shape of a marker: a path and its class in the style sheet.
type Glyph struct{ Class, D string }

// Extent is the time within which a sample was taken, where less is known than
// the axis shows.
type Extent struct {
	From, To float64
	D        string // path of a line with two ends, through the marker
}

// Marker stands for one result.
type Marker struct {
	Point  Point
	X, Y   float64
	Glyphs []Glyph // drawn in this order
	Extent *Extent // nil where the time is known, or the marker hides it
	Label  *Text   // the value; nil where a newer one stands in its place
	Hit    float64 // radius of the area that can be clicked
}

// markerReach is how far the largest marker reaches from its middle.
const markerReach = 12.0

// markerScale makes markers smaller where there are many.
func markerScale(count int, m measures) float64 {
	switch {
	case count <= m.crowded:
		return 1
	case count <= 3*m.crowded:
		return 0.6
	}
	return 0.4
}

func markers(samples []sample, xs, ys []float64, axis *timeAxis, plot Box, m measures) []Marker {
	scale := markerScale(len(samples), m)
	drawn := make([]Marker, len(samples))
	for i := range samples {
		s := &samples[i]
		drawn[i] = Marker{
			Point: s.Point, X: xs[i], Y: ys[i], Hit: m.hit,
			Glyphs: glyphs(&s.Point, xs[i], ys[i], scale),
			Extent: extent(s, xs[i], ys[i], axis, plot, markerReach*scale),
		}
	}
	return drawn
}

// glyphs gives every state its own shape; see the package comment.
func glyphs(p *Point, x, y, scale float64) []Glyph {
	if !p.censored() && !p.Corrected {
		return []Glyph{placeGlyph(p, x, y, scale)}
	}
	const (
		alone  = 1.0
		around = 1.4 // a frame with a shape within
		within = 0.55
		inner  = 0.5
	)
	size := alone
	if p.out() || p.censored() && p.Corrected {
		size = around
	}
	var drawn []Glyph
	switch {
	case p.Corrected && p.censored():
		drawn = append(drawn, Glyph{"corr", diamond(x, y, size*scale)}, Glyph{"cens", circle(x, y, within*scale)})
	case p.Corrected:
		drawn = append(drawn, Glyph{"corr", diamond(x, y, size*scale)})
	default:
		drawn = append(drawn, Glyph{"cens", circle(x, y, size*scale)})
	}
	if p.out() {
		drawn = append(drawn, placeGlyph(p, x, y, inner*scale))
	}
	return drawn
}

// placeGlyph is the shape of the laboratory's flag.
func placeGlyph(p *Point, x, y, scale float64) Glyph {
	class := [...]string{Unflagged: "in", Within: "in", Above: "high", Below: "low", Abnormal: "odd"}[p.Place]
	if p.Critical {
		class = "crit"
	}
	switch {
	case p.Place == Above && p.Critical:
		return Glyph{class, twoTriangles(x, y, scale, 1)}
	case p.Place == Below && p.Critical:
		return Glyph{class, twoTriangles(x, y, scale, -1)}
	case p.Place == Above:
		return Glyph{class, triangle(x, y-7*scale, scale, 1)}
	case p.Place == Below:
		return Glyph{class, triangle(x, y+7*scale, scale, -1)}
	case p.Place == Abnormal || p.Critical:
		return Glyph{class, square(x, y, scale)}
	}
	return Glyph{class, circle(x, y, scale)}
}

func circle(x, y, scale float64) string {
	r := tenth(7 * scale)
	var p path
	p.move(x-r, y).command('a', r, r, 0, 1, 0, 2*r, 0).command('a', r, r, 0, 1, 0, -2*r, 0).close()
	return p.String()
}

// triangle draws one from its tip; down is 1 where it points up.
func triangle(x, tip, scale, down float64) string {
	var p path
	p.move(x, tip).by(7.7*scale, 13*scale*down).by(-15.4*scale, 0).close()
	return p.String()
}

// twoTriangles draws one above the other, as two arrows.
func twoTriangles(x, y, scale, down float64) string {
	const size = 0.8
	first := triangle(x, y-10.4*scale*down, size*scale, down)
	return first + triangle(x, y, size*scale, down)
}

func diamond(x, y, scale float64) string {
	r := 8 * scale
	var p path
	p.move(x, y-r).by(r, r).by(-r, r).by(-r, -r).close()
	return p.String()
}

func square(x, y, scale float64) string {
	r := 6 * scale
	var p path
	p.move(x-r, y-r).by(2*r, 0).by(0, 2*r).by(-2*r, 0).close()
	return p.String()
}

// extent shows how far the time of a sample is uncertain: known to the month or
// year only, or to the day on an axis of hours; unless its marker hides that.
func extent(s *sample, x, y float64, axis *timeAxis, plot Box, reach float64) *Extent {
	if s.Precision >= ToDay && axis.unit >= days {
		return nil
	}
	from := tenth(max(axis.x(s.from), plot.Left))
	to := tenth(min(axis.x(s.to), plot.Right))
	if to-from <= 2*reach {
		return nil
	}
	const end = 4.0 // half of the stroke at an end
	var p path
	p.move(from, y-end).line(from, y+end).move(from, y).across(to).move(to, y-end).line(to, y+end)
	return &Extent{From: from, To: to, D: p.String()}
}
