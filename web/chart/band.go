package chart

import "strconv"

// middles returns the edges between which each sample stands: the ends of the
// plot, and the middle of every gap.
func middles(xs []float64, plot Box) []float64 {
	edges := make([]float64, len(xs)+1)
	edges[0], edges[len(xs)] = plot.Left, plot.Right
	for i := 1; i < len(xs); i++ {
		edges[i] = tenth((xs[i-1] + xs[i]) / 2)
	}
	return edges
}

// bands draws the interval of each sample from edge to edge. Neighbours that
// share an interval share a band; a change is a step, never a slope.
func bands(samples []sample, edges []float64, axis *valueAxis, plot Box) []Band {
	var drawn []Band
	for i := 0; i < len(samples); {
		s, from := &samples[i], edges[i]
		for i++; i < len(samples) && samples[i].low == s.low && samples[i].high == s.high; i++ {
		}
		to := edges[i]
		if !s.low.known && !s.high.known || to <= from {
			continue
		}
		drawn = append(drawn, band(s, from, to, axis, plot))
	}
	return drawn
}

func band(s *sample, from, to float64, axis *valueAxis, plot Box) Band {
	top, bottom := plot.Top, plot.Bottom
	var edge path
	if s.high.known {
		top = tenth(axis.y(s.high.value))
		edge.move(from, top).across(to)
	}
	if s.low.known {
		bottom = tenth(axis.y(s.low.value))
		edge.move(from, bottom).across(to)
	}
	return Band{X: from, Y: top, Width: tenth(to - from), Height: tenth(bottom - top), Edge: edge.String()}
}

// path writes the d attribute of an SVG path.
type path struct{ text []byte }

func (p *path) String() string { return string(p.text) }

func (p *path) move(x, y float64) *path { return p.command('M', x, y) }
func (p *path) line(x, y float64) *path { return p.command('L', x, y) }
func (p *path) across(x float64) *path  { return p.command('H', x) }

// by draws a line to a place told from where the last one ended.
func (p *path) by(dx, dy float64) *path { return p.command('l', dx, dy) }

func (p *path) close() *path {
	p.text = append(p.text, 'z')
	return p
}

func (p *path) command(letter byte, numbers ...float64) *path {
	p.text = append(p.text, letter)
	for i, n := range numbers {
		if n = tenth(n); i > 0 && n >= 0 { // a minus sign parts numbers by itself
			p.text = append(p.text, ' ')
		}
		p.text = strconv.AppendFloat(p.text, n, 'f', -1, 64)
	}
	return p
}

// line joins values that can be compared. It stops where they cannot, and at a
// value beyond the measuring limit.
func line(samples []sample, xs, ys []float64) string {
	var joined path
	drawing := false
	for i := 1; i < len(samples); i++ {
		before, after := &samples[i-1], &samples[i]
		if before.Break != after.Break || before.censored() || after.censored() {
			drawing = false
			continue
		}
		if !drawing {
			joined.move(xs[i-1], ys[i-1])
		}
		joined.line(xs[i], ys[i])
		drawing = true
	}
	return joined.String()
}

// breakText is a break before a sample, and what is written above it.
type breakText struct {
	before int // index of the sample
	words  string
}

func breakTexts(samples []sample, labels Labels) []breakText {
	var breaks []breakText
	for i := 1; i < len(samples); i++ {
		if before, after := &samples[i-1], &samples[i]; before.Break != after.Break {
			breaks = append(breaks, breakText{i, labels.Break(before.Point, after.Point)})
		}
	}
	return breaks
}

// setBreaks draws the breaks, each label above its line as far as the drawing
// reaches. Where two labels meet the older goes: the table has it.
func setBreaks(texts []breakText, edges []float64, m measures) []Break {
	breaks := make([]Break, len(texts))
	free := m.width
	for i := len(texts) - 1; i >= 0; i-- {
		breaks[i] = Break{X: edges[texts[i].before], Top: 30}
		text := Text{X: breaks[i].X, Y: 20, Class: "mid", Words: texts[i].words}
		placed, fits := text.within(0, m.width, FontSize)
		if box := placed.box(FontSize); text.Words != "" && fits && box.Right <= free {
			breaks[i].Label = &placed
			free = box.Left - labelGap
		}
	}
	return breaks
}
