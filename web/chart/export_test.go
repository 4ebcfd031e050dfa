package chart

// BoxOf is what a text is taken to cover.
func BoxOf(t Text, size float64) Box { return t.box(size) }

// Overlap reports whether two boxes share more than an edge.
func Overlap(a, b Box) bool { return a.overlaps(b) }

// ReadDecimal is what New takes for a number.
func ReadDecimal(text string) (value float64, decimals int, ok bool) { return readDecimal(text) }
