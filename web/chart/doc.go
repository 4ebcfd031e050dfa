// Package chart computes where everything of a trend chart stands: the course
// of one analysis, each result with its own reference interval. It draws
// nothing and says nothing: markup and words are its caller's, which hands in
// the functions that write numbers and times in its language. It knows no type
// of the rest of the program, reads no clock and keeps no state: the same
// points give the same drawing, in whatever order they come.
//
// # Use
//
//	for _, c := range chart.New(points, chart.Wide, labels) { … }
//
// New returns one Chart for each unit, the unit of the newest result first,
// and none when no point is a number with a date. Points that cannot be drawn
// (text, codes, no sampling time, a year outside 1900 to 2199, a number of a
// thousand billions or more) are left out; the table beside the chart has
// them. A change of unit starts another chart, since 131 g/L and 13.1 g/dL
// drawn on one axis would be a fall of nine tenths, and nothing is converted.
//
// Both sizes are meant to stand in the page, one hidden by the style sheet. All
// text is 15 or 16 units high (FontSize, LabelSize), so that it stays at 11 px
// or more as long as the drawing is shown at least SmallestWidth wide.
//
// # Drawing it
//
// Back to front, with the classes of the style sheet:
//
//	<svg class="tr wide" viewBox="0 0 {Width} {Height}" role="group" aria-label="…">
//	Bands       <rect class="band" x y width height/>
//	ValueTicks  <line class="grid" x1={Plot.Left} x2={Plot.Right} y1={Y} y2={Y}/> <text class={Label.Class} x y>
//	Bands       <path class="edge" d={Edge}/>          (Edge may be empty)
//	Plot        <line class="axis" x1={Plot.Left} x2={Plot.Right} y1={Plot.Bottom} y2={Plot.Bottom}/>
//	TimeTicks   <line class="axis" x1={X} x2={X} y1={Plot.Bottom} y2={End}/>
//	TimeLabels  <text class={Class} x y>
//	Breaks      <line class="brk" x1={X} x2={X} y1={Top} y2={Plot.Bottom}/> <text class="brk-t {Label.Class}" x y>
//	Line        <path class="ln" d={Line}/>            (may be empty)
//	Markers     <a href="#{Point.Anchor}" aria-label={Point.Spoken}>
//	            {{with Extent}}<path class="ext" d={D}/>{{end}}
//	            {{range Glyphs}}<path class="pt {Class}" d={D}/>{{end}}
//	            {{with Label}}<text class="pv" x y>{Words}</text>{{end}}
//	            <circle class="hit" cx={X} cy={Y} r={Hit}/></a>
//
// Coordinates have one decimal at most and print shortly with %v. The text of a
// marker is always centred. Classes of glyphs: in, high, low,
// crit, odd (abnormal without a side), corr (open diamond) and cens (open
// ring). Every state has its own shape, so that none rests on colour: circle
// within, triangle up above, triangle down below, two triangles where the
// laboratory says critical, square for abnormal without a side, diamond for a
// corrected result, ring for one beyond the measuring limit. A result that is
// corrected or beyond the limit, and out of its interval too, has its triangle
// inside the diamond or ring.
//
// # What the drawing promises
//
// Time is to scale, and so are values. There is no logarithmic axis, even over
// many magnitudes: it makes a tenfold rise look like a small one, has no place
// for zero or below, and readers take heights for amounts; what is squeezed by
// an outlier is still written at its point and in the table.
//
// The axis of values holds every result, every bound and a tenth more at each
// end, and ends at round numbers. It does not go below zero unless something
// does. Where no closed interval says what a large change is, it spans at least
// half of the greatest value, and an upper bound alone brings zero in: a change
// of one hundredth never fills more than a fiftieth of the height.
//
// A band reaches from mid-gap to mid-gap around the results that carry its
// interval, in steps; an open side runs to the edge of the plot, and a result
// without interval has none. The line of values stops where the key of
// comparability (Point.Break) changes, and at a result beyond the measuring
// limit, which is a bound and not a number.
//
// A result dated to the day stands at noon, to the month or year in the middle
// of it; where the axis shows more than that is known, Extent shows how far.
//
// The value is written at every marker, as far as there is room: of two that
// would meet, the newer stays. Where markers crowd (more than 60 in the wide
// drawing, 20 in the slim one) they are smaller, and turning points alone have
// their value. Summary holds the figures of the sentence above the chart.
package chart
