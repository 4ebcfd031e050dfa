package chart

import (
	"math"
	"unicode"
)

// textWidth returns a width that words will not exceed in the faces of the
// style sheet and its fall-backs: nothing here can measure a font, so it is
// taken a little too wide.
func textWidth(words string, size float64) float64 {
	ems := 0.0
	for _, r := range words {
		switch {
		case r == ' ' || r == ',' || r == '.' || r == ':' || r == '\'' || r == '’' || r == '\u00a0' || r == '\u202f' || r == '/':
			ems += 0.34
		case unicode.Is(unicode.Mn, r):
		case unicode.IsUpper(r) || r == 'm' || r == 'w' || r == '%':
			ems += 0.8
		case r >= 0x2e80:
			ems += 1
		default:
			ems += 0.57
		}
	}
	return ems * size
}

// box returns what a text covers: from its ascenders to its descenders.
func (t Text) box(size float64) Box {
	width := textWidth(t.Words, size)
	b := Box{Top: t.Y - 0.76*size, Bottom: t.Y + 0.22*size}
	switch t.Class {
	case "mid":
		b.Left, b.Right = t.X-width/2, t.X+width/2
	case "end":
		b.Left, b.Right = t.X-width, t.X
	default:
		b.Left, b.Right = t.X, t.X+width
	}
	return b
}

func (b Box) overlaps(c Box) bool {
	return b.Left < c.Right && c.Left < b.Right && b.Top < c.Bottom && c.Top < b.Bottom
}

// within moves a centred text sideways until it lies between two edges; it
// reports false where it is too wide.
func (t Text) within(left, right, size float64) (Text, bool) {
	half := textWidth(t.Words, size) / 2
	least, most := math.Ceil((left+half)*10)/10, math.Floor((right-half)*10)/10
	t.X = tenth(min(max(t.X, least), most))
	return t, least <= most
}
