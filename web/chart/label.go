package chart

import "sort"

// setLabels writes the value at each marker, the newest first: where two would
// meet, the older goes, and the table has it. No label leaves the plot or lies
// on a marker, save that of the newest result, which lies on one rather than
// be missing. Where markers crowd, only turning points have one.
func setLabels(markers []Marker, plot Box, reach float64) {
	var taken []Box
	crowded := reach < markerReach
	for i := len(markers) - 1; i >= 0; i-- {
		if crowded && i < len(markers)-1 && !turns(markers, i) {
			continue
		}
		places := labelPlaces(markers, i, plot, reach)
		at := firstFree(places, taken, markers, reach)
		if at < 0 && i == len(markers)-1 && len(places) > 0 {
			at = 0
		}
		if at < 0 {
			continue
		}
		markers[i].Label = &places[at]
		taken = append(taken, places[at].box(LabelSize))
	}
}

// labelPlaces returns where the label of a marker may stand, the best first:
// outside the bend of the line, then inside, then to a side.
func labelPlaces(markers []Marker, i int, plot Box, reach float64) []Text {
	m := &markers[i]
	if m.Point.Label == "" {
		return nil
	}
	above, below := m.Y-reach-4, m.Y+reach+14
	first, second := above, below
	if bendsDown(markers, i) {
		first, second = below, above
	}
	const aside = 14
	sideways, heights := []float64{0, -aside, aside}, []float64{first, second}
	if reach < markerReach && i < len(markers)-1 { // beside its marker, or inside the bend, it could be another's
		sideways, heights = sideways[:1], heights[:1]
	}
	var places []Text
	for _, dx := range sideways {
		for _, y := range heights {
			text := Text{X: tenth(m.X + dx), Y: tenth(y), Class: "mid", Words: m.Point.Label}
			text, fits := text.within(plot.Left, plot.Right, LabelSize)
			if box := text.box(LabelSize); fits && plot.Top <= box.Top && box.Bottom <= plot.Bottom {
				places = append(places, text)
			}
		}
	}
	return places
}

// bendsDown reports whether a marker lies lower than the middle of its
// neighbours, so that the line leaves it free below.
func bendsDown(markers []Marker, i int) bool {
	before, after := markers[max(i-1, 0)].Y, markers[min(i+1, len(markers)-1)].Y
	return 2*markers[i].Y > before+after
}

// turns reports whether a marker lies above or below both its neighbours.
func turns(markers []Marker, i int) bool {
	if i == 0 || i == len(markers)-1 {
		return true
	}
	before, at, after := markers[i-1].Y, markers[i].Y, markers[i+1].Y
	return at < before && at < after || at > before && at > after
}

// firstFree returns the index of the first place that no label and no marker
// takes, or -1.
func firstFree(places []Text, taken []Box, markers []Marker, reach float64) int {
	for i, place := range places {
		if box := place.box(LabelSize); !overlapsAny(box, taken) && !coversMarker(box, markers, reach*0.6) {
			return i
		}
	}
	return -1
}

func overlapsAny(box Box, taken []Box) bool {
	for _, other := range taken {
		if box.overlaps(other) {
			return true
		}
	}
	return false
}

// coversMarker looks only at the markers beside the box: they lie in order of
// time.
func coversMarker(box Box, markers []Marker, reach float64) bool {
	from := sort.Search(len(markers), func(i int) bool { return markers[i].X+reach > box.Left })
	for _, m := range markers[from:] {
		if m.X-reach >= box.Right {
			return false
		}
		if box.overlaps(Box{m.X - reach, m.Y - reach, m.X + reach, m.Y + reach}) {
			return true
		}
	}
	return false
}
