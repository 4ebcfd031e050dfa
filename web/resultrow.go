package web

import (
	"net/url"
	"time"

	"guichet/record"
)

// How one result becomes one row of a report: hooks for scripts (tr[data-code]
// and the cells value, unit, flag, reference and previous) hold what the
// laboratory sent and nothing else.

// shownPrevious is how many earlier results stand beside a newer one.
const shownPrevious = 3

// columns of the table of results.
const columns literal = "6"

// resultRows are the rows of one panel, and what was met while writing them.
type resultRows struct {
	markup
	*language
	from    int  // rows of the report before these
	letters bool // some are lines of an antibiogram
	lines   bool // some have a number line
}

// laboratory opens an element whose text the laboratory wrote.
func (rows *resultRows) laboratory(open literal) {
	rows.raw(open)
	if rows.foreign() {
		rows.raw(` lang="fr"`)
	}
	rows.raw(`>`)
}

// writePanel writes the results of a panel. Where one panel holds several sets
// of results that belong together, as two isolates with an antibiogram each,
// each set has a heading: its rows would be read as the other's.
func (rows *resultRows) writePanel(p *record.Panel) {
	const usual = 1400 // bytes of a row
	rows.b.Grow(usual * len(p.Observations))
	headings := rows.setHeadings(p.Observations)
	for i := range p.Observations {
		if heading, due := headings[i]; due {
			rows.raw(`<tr role="row" class="set"><th role="rowheader" scope="row" colspan="`)
			rows.raw(columns)
			rows.raw(`">`)
			rows.text(heading.own)
			rows.laboratory(`<bdi`)
			rows.text(heading.laboratory)
			rows.raw(`</bdi></th></tr>`)
		}
		rows.writeRow(&p.Observations[i], rowAnchor(rows.from+i))
	}
}

// heading is said by Guichet, then by the laboratory.
type heading struct{ own, laboratory string }

// setHeadings returns the heading due before each row, none where the panel is
// one set only.
func (l *language) setHeadings(observations []record.Observation) map[int]heading {
	size := make(map[string]int)
	for i := range observations {
		size[observations[i].SubID]++
	}
	sets := 0
	for sub, n := range size {
		if sub != "" && n > 1 {
			sets++
		}
	}
	if sets < 2 {
		return nil
	}
	headings := make(map[int]heading)
	var last heading
	for i := range observations {
		due := heading{own: l.say.Result.OtherResults}
		if first := &observations[i]; first.SubID != "" && size[first.SubID] > 1 {
			if i > 0 && observations[i-1].SubID == first.SubID {
				continue
			}
			due.own = fill(l.say.Result.Set, "set", first.SubID)
			if first.Value.Kind == record.Coded && !l.isSusceptibility(first) {
				due = heading{own: fill(l.say.Result.SetOf, "set", first.SubID), laboratory: l.valueText(first.Value)}
			}
		}
		if due != last {
			headings[i], last = due, due
		}
	}
	return headings
}

// writeRow writes the row of a result, and below it the row of its remarks.
func (rows *resultRows) writeRow(o *record.Observation, anchor string) {
	shownReference, in, known := rows.reference(o.Reference, o.Unit)
	verdicts := rows.say.Flag.verdictsOf(o.Flags, known)
	worst := gravest(verdicts)
	rows.letters = rows.letters || rows.isSusceptibility(o)

	rows.raw(`<tr role="row"`)
	edge := rowClass(worst)
	if edge != "" || o.Replaced != nil { // the top of the report leads here
		rows.raw(` id="`)
		rows.text(anchor)
		rows.raw(`"`)
	}
	if edge != "" {
		rows.raw(` class="`)
		rows.raw(edge)
		rows.raw(`"`)
	}
	rows.raw(` data-code="`)
	rows.text(codeOf(o).Value)
	rows.raw(`" data-system="`)
	rows.text(codeOf(o).System)
	rows.raw(`">`)
	rows.writeName(o)
	if isNarrative(o) {
		rows.writeNarrative(o)
		rows.raw(`</tr>`)
		rows.writeRemarks(o, rowClass(worst))
		return
	}
	rows.writeValue(o)
	rows.writeFlags(o, verdicts)

	rows.raw(`<td role="cell" class="reference" data-reference="`)
	rows.text(o.Reference)
	if known || shownReference == "" || !rows.foreign() {
		rows.raw(`">`)
	} else {
		rows.raw(`" lang="fr">`)
	}
	rows.text(shownReference)
	if line, ok := drawLine(o, in); ok {
		line.write(&rows.markup, worst)
		rows.lines = true
	}
	rows.raw(`</td>`)
	rows.writePrevious(o)
	rows.raw(`</tr>`)
	rows.writeRemarks(o, rowClass(worst))
}

// rowClass gives the row its coloured edge.
func rowClass(worst verdict) literal {
	if worst.counting == uncounted {
		return ""
	}
	switch worst.class {
	case "crit":
		return "out crit"
	case "low":
		return "out low"
	}
	return "out high"
}

func (rows *resultRows) writeName(o *record.Observation) {
	// The role says what scope would (RGAA 5.7); a long report is heavy enough.
	rows.laboratory(`<th role="rowheader"`)
	code := codeOf(o)
	if code.Value != "" {
		rows.raw(`<a href="/trends/`)
		rows.text(url.PathEscape(code.Value))
		if code.System != record.LOINC {
			rows.raw(`?system=`)
			rows.text(url.QueryEscape(code.System))
		}
		rows.raw(`">`)
	}
	rows.raw(`<bdi>`)
	rows.text(rows.nameOf(o))
	rows.raw(`</bdi>`)
	if code.Value != "" {
		rows.raw(`</a>`)
	}
	switch o.Status {
	case record.Corrected:
		rows.writeTag(`corr`, rows.say.Status.Corrected)
	case record.Partial, record.Preliminary:
		rows.writeTag(`part`, rows.say.Status.Preliminary)
	case record.Cancelled:
		rows.writeTag(`void`, rows.say.Status.Cancelled)
	}
	if o.Method != "" {
		rows.raw(`<small>`)
		rows.text(o.Method)
		rows.raw(`</small>`)
	}
	rows.raw(`</th>`)
}

// writeTag writes a word of ours among the laboratory's.
func (rows *resultRows) writeTag(class literal, words string) {
	rows.raw(` <span class="tag `)
	rows.raw(class)
	if rows.foreign() {
		rows.raw(`" lang="`)
		rows.text(string(rows.code))
	}
	rows.raw(`">`)
	rows.text(words)
	rows.raw(`</span>`)
}

func (rows *resultRows) writeValue(o *record.Observation) {
	shown, class := rows.shownValue(o)
	if class != "val" && o.Unit == "" {
		// Words, and no unit to set apart: they take the room of both columns.
		rows.raw(`<td role="cell" class="value wide" colspan="2">`)
		rows.writeData(o, shown, class)
		rows.raw(`<span class="unit"></span></td>`)
		return
	}
	rows.raw(`<td role="cell" class="value">`)
	rows.writeData(o, shown, class)
	rows.raw(`</td><td role="cell" class="unit">`)
	rows.writeUnit(o.Unit)
	rows.raw(`</td>`)
}

// writeUnit writes a unit as sent. Its full words reach screen readers through
// the style sheet, so that the cell holds nothing else.
func (rows *resultRows) writeUnit(unit string) {
	spoken := rows.spokenUnit(unit)
	if spoken == "" {
		rows.text(unit)
		return
	}
	rows.raw(`<span aria-hidden="true">`)
	rows.text(unit)
	rows.raw(`</span><span class="say" data-say="`)
	rows.text(spoken)
	rows.raw(`"></span>`)
}

func (rows *resultRows) writeData(o *record.Observation, shown string, class literal) {
	rows.raw(`<data class="`)
	rows.raw(class)
	rows.raw(`" value="`)
	rows.text(rawValue(o.Value))
	rows.raw(`"`)
	if class != "val none" && rows.inFrench(o.Value) {
		rows.raw(` lang="fr"`)
	}
	rows.raw(`>`)
	rows.text(shown)
	rows.raw(`</data>`)
}

// writeNarrative gives a narrative the width of the table. The other hooks are
// there, empty.
func (rows *resultRows) writeNarrative(o *record.Observation) {
	rows.raw(`<td role="cell" class="value wide" colspan="5">`)
	rows.writeData(o, rows.valueText(o.Value), "val story")
	rows.raw(`<span class="unit"></span><span class="flag" data-flag=""></span><span class="reference" data-reference=""></span><span class="previous"></span></td>`)
}

func (rows *resultRows) writeFlags(o *record.Observation, verdicts []verdict) {
	rows.raw(`<td role="cell" class="flag" data-flag="`)
	for i, flag := range o.Flags {
		if i > 0 {
			rows.raw(` `)
		}
		rows.text(string(flag))
	}
	rows.raw(`">`)
	for i, v := range verdicts {
		if i > 0 {
			rows.raw(` `)
		}
		if v.letter {
			rows.raw(`<span class="abg"><span class="sir `)
			rows.raw(v.class)
			rows.raw(`" aria-hidden="true">`)
			rows.text(string(v.code))
			rows.raw(`</span> <span>`)
			rows.text(v.words)
			rows.raw(`</span></span>`)
			continue
		}
		rows.raw(`<span class="mark `)
		rows.raw(v.class)
		rows.raw(`">`)
		rows.writeSign(v)
		rows.text(v.words)
		rows.raw(`</span>`)
	}
	if len(verdicts) == 0 && flagExpected(o) {
		rows.raw(`<span class="mark na">`)
		rows.text(rows.say.Result.Unflagged)
		rows.raw(`</span>`)
	}
	rows.raw(`</td>`)
}

func (rows *resultRows) writeSign(v verdict) {
	if v.sign == "" {
		return
	}
	rows.raw(`<span class="s" aria-hidden="true">`)
	rows.text(v.sign)
	rows.raw(`</span>`)
}

func (rows *resultRows) writePrevious(o *record.Observation) {
	rows.raw(`<td role="cell" class="previous">`)
	switch {
	case len(o.Previous) > 0:
		rows.raw(`<ol class="ant">`)
		for i := range min(len(o.Previous), shownPrevious) {
			rows.writeEarlier(&o.Previous[i], o.Unit)
		}
		rows.raw(`</ol>`)
	case flagExpected(o):
		rows.raw(`<span class="muted">`)
		rows.text(rows.say.Result.NoPrevious)
		rows.raw(`</span>`)
	}
	rows.raw(`</td>`)
}

// writeEarlier writes an earlier result with its own flag, and its own unit
// where that differs from the newer one's.
func (rows *resultRows) writeEarlier(p *record.Previous, unit string) {
	rows.raw(`<li><span>`)
	rows.text(rows.momentDay(p.Sampled))
	rows.raw(`</span><span>`)
	switch {
	case p.Value.Kind == record.Numeric && isDecimal(p.Value.Text): // reads from the left in any text
		rows.text(rows.valueText(p.Value))
	case rows.inFrench(p.Value):
		rows.raw(`<bdi lang="fr">`)
		rows.text(rows.valueText(p.Value))
		rows.raw(`</bdi>`)
	default:
		rows.raw(`<bdi>`)
		rows.text(rows.valueText(p.Value))
		rows.raw(`</bdi>`)
	}
	if p.Unit != "" && p.Unit != unit {
		rows.raw(` `)
		rows.text(p.Unit)
	}
	_, known := parseInterval(p.Reference, p.Unit)
	for _, v := range rows.say.Flag.verdictsOf(p.Flags, known) {
		sign := v.sign
		if v.letter {
			sign = string(v.code)
		}
		if sign == "" {
			continue // in range: the value alone says it
		}
		rows.raw(` <span class="s" aria-hidden="true">`)
		rows.text(sign)
		rows.raw(`</span><span class="vh"> `)
		rows.text(v.words)
		rows.raw(`</span>`)
	}
	rows.raw(`</span></li>`)
}

func (rows *resultRows) writeRemarks(o *record.Observation, edge literal) {
	if len(o.Comments) == 0 && o.Replaced == nil {
		return
	}
	rows.raw(`<tr role="row" class="extra `)
	rows.raw(edge)
	rows.raw(`"><td role="cell" colspan="`)
	rows.raw(columns)
	rows.raw(`">`)
	if o.Replaced != nil {
		rows.writeReplaced(o.Replaced)
	}
	for _, comment := range o.Comments {
		rows.raw(`<p class="remark"><b>`)
		rows.text(rows.say.Result.Comment)
		rows.raw(`</b> `)
		rows.laboratory(`<bdi`)
		rows.text(comment)
		rows.raw(`</bdi></p>`)
	}
	rows.raw(`</td></tr>`)
}

// writeReplaced strikes out what stood here before: whoever read it must see
// that it no longer holds (CNIL-4.2-1).
func (rows *resultRows) writeReplaced(was *record.Replaced) {
	rows.raw(`<p class="remark correction">`)
	rows.text(rows.say.Result.Replaces)
	rows.raw(`<del`)
	if rows.inFrench(was.Value) {
		rows.raw(` lang="fr"`)
	}
	rows.raw(`>`)
	rows.text(rows.valueText(was.Value))
	if was.Unit != "" {
		rows.text(nbsp + was.Unit)
	}
	_, known := parseInterval(was.Reference, was.Unit)
	for _, v := range rows.say.Flag.verdictsOf(was.Flags, known) {
		rows.text(", " + v.words)
	}
	rows.raw(`</del>`)
	if !was.Deposited.IsZero() {
		rows.text(fill(rows.say.Result.SentBefore, "when", rows.dayAndHour(was.Deposited, time.Time{})))
	}
	rows.raw(`.</p>`)
}
