package web

import "guichet/record"

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
	from    int  // rows of the report before these
	letters bool // some are lines of an antibiogram
	lines   bool // some have a number line
}

// writePanel writes the results of a panel. Where one panel holds several sets
// of results that belong together, as two isolates with an antibiogram each,
// each set has a heading: its rows would be read as the other's.
func (rows *resultRows) writePanel(p *record.Panel) {
	const usual = 1400 // bytes of a row
	rows.b.Grow(usual * len(p.Observations))
	headings := setHeadings(p.Observations)
	for i := range p.Observations {
		if heading := headings[i]; heading != "" {
			rows.raw(`<tr role="row" class="set"><th role="rowheader" scope="row" colspan="`)
			rows.raw(columns)
			rows.raw(`"><bdi>`)
			rows.text(heading)
			rows.raw(`</bdi></th></tr>`)
		}
		rows.writeRow(&p.Observations[i], rowAnchor(rows.from+i))
	}
}

// setHeadings returns the heading due before each row, none where the panel is
// one set only.
func setHeadings(observations []record.Observation) map[int]string {
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
	headings := make(map[int]string)
	last := ""
	for i := range observations {
		heading := "Autres résultats"
		if first := &observations[i]; first.SubID != "" && size[first.SubID] > 1 {
			if i > 0 && observations[i-1].SubID == first.SubID {
				continue
			}
			heading = "Ensemble " + first.SubID
			if first.Value.Kind == record.Coded && !isSusceptibility(first) {
				heading += nbsp + ": " + valueText(first.Value)
			}
		}
		if heading != last {
			headings[i], last = heading, heading
		}
	}
	return headings
}

// writeRow writes the row of a result, and below it the row of its remarks.
func (rows *resultRows) writeRow(o *record.Observation, anchor string) {
	m := &rows.markup
	shownReference, in, known := reference(o.Reference, o.Unit)
	verdicts := verdictsOf(o.Flags, known)
	worst := gravest(verdicts)
	rows.letters = rows.letters || isSusceptibility(o)

	m.raw(`<tr role="row" id="`)
	m.text(anchor)
	m.raw(`" class="`)
	m.raw(rowClass(worst))
	m.raw(`" data-code="`)
	m.text(codeOf(o).Value)
	m.raw(`" data-system="`)
	m.text(codeOf(o).System)
	m.raw(`">`)
	writeName(m, o)
	if isNarrative(o) {
		writeNarrative(m, o)
		m.raw(`</tr>`)
		writeRemarks(m, o, rowClass(worst))
		return
	}
	writeValue(m, o)
	writeFlags(m, o, verdicts)

	m.raw(`<td role="cell" class="reference" data-l="Intervalle" data-reference="`)
	m.text(o.Reference)
	m.raw(`">`)
	m.text(shownReference)
	if line, ok := drawLine(o, in); ok {
		line.write(m, worst)
		rows.lines = true
	}
	m.raw(`</td>`)
	writePrevious(m, o)
	m.raw(`</tr>`)
	writeRemarks(m, o, rowClass(worst))
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

func writeName(m *markup, o *record.Observation) {
	m.raw(`<th role="rowheader" scope="row"><bdi>`)
	m.text(nameOf(o))
	m.raw(`</bdi>`)
	switch o.Status {
	case record.Corrected:
		m.raw(` <span class="tag corr">Corrigé</span>`)
	case record.Partial, record.Preliminary:
		m.raw(` <span class="tag part">Provisoire</span>`)
	case record.Cancelled:
		m.raw(` <span class="tag">Annulé</span>`)
	}
	if o.Method != "" {
		m.raw(`<small>`)
		m.text(o.Method)
		m.raw(`</small>`)
	}
	m.raw(`</th>`)
}

func writeValue(m *markup, o *record.Observation) {
	shown, class := shownValue(o)
	if class != "val" && o.Unit == "" {
		// Words, and no unit to set apart: they take the room of both columns.
		writeData(m, `<td role="cell" class="value wide" data-l="Résultat" colspan="2">`, o, shown, class)
		m.raw(`<span class="unit"></span></td>`)
		return
	}
	writeData(m, `<td role="cell" class="value" data-l="Résultat">`, o, shown, class)
	m.raw(`</td><td role="cell" class="unit">`)
	if spoken := spokenUnit(o.Unit); spoken != "" {
		// The full words reach screen readers through the style sheet, so that
		// the cell holds the unit as sent and nothing else.
		m.raw(`<span aria-hidden="true">`)
		m.text(o.Unit)
		m.raw(`</span><span class="say" data-say="`)
		m.text(spoken)
		m.raw(`"></span>`)
	} else {
		m.text(o.Unit)
	}
	m.raw(`</td>`)
}

func writeData(m *markup, cell literal, o *record.Observation, shown string, class literal) {
	m.raw(cell)
	m.raw(`<data class="`)
	m.raw(class)
	m.raw(`" value="`)
	m.text(rawValue(o.Value))
	m.raw(`">`)
	m.text(shown)
	m.raw(`</data>`)
}

// writeNarrative gives a narrative the width of the table. The other hooks are
// there, empty.
func writeNarrative(m *markup, o *record.Observation) {
	writeData(m, `<td role="cell" class="value wide" data-l="Résultat" colspan="5">`, o, valueText(o.Value), "val story")
	m.raw(`<span class="unit"></span><span class="flag" data-flag=""></span><span class="reference" data-reference=""></span><span class="previous"></span></td>`)
}

func writeFlags(m *markup, o *record.Observation, verdicts []verdict) {
	m.raw(`<td role="cell" class="flag" data-l="Situation" data-flag="`)
	for i, flag := range o.Flags {
		if i > 0 {
			m.raw(` `)
		}
		m.text(string(flag))
	}
	m.raw(`">`)
	for i, v := range verdicts {
		if i > 0 {
			m.raw(` `)
		}
		if v.letter {
			m.raw(`<span class="abg"><span class="sir `)
			m.raw(v.class)
			m.raw(`" aria-hidden="true">`)
			m.text(string(v.code))
			m.raw(`</span> <span>`)
			m.text(v.words)
			m.raw(`</span></span>`)
			continue
		}
		m.raw(`<span class="mark `)
		m.raw(v.class)
		m.raw(`">`)
		writeSign(m, v)
		m.text(v.words)
		m.raw(`</span>`)
	}
	if len(verdicts) == 0 && flagExpected(o) {
		m.raw(`<span class="mark na">non signalé</span>`)
	}
	m.raw(`</td>`)
}

func writeSign(m *markup, v verdict) {
	if v.sign == "" {
		return
	}
	m.raw(`<span class="s" aria-hidden="true">`)
	m.text(v.sign)
	m.raw(`</span>`)
}

func writePrevious(m *markup, o *record.Observation) {
	m.raw(`<td role="cell" class="previous" data-l="Avant">`)
	switch {
	case len(o.Previous) > 0:
		m.raw(`<ol class="ant">`)
		for i := range min(len(o.Previous), shownPrevious) {
			writeEarlier(m, &o.Previous[i], o.Unit)
		}
		m.raw(`</ol>`)
	case flagExpected(o):
		m.raw(`<span class="muted">pas d’antériorité connue</span>`)
	}
	m.raw(`</td>`)
}

// writeEarlier writes an earlier result with its own flag, and its own unit
// where that differs from the newer one's.
func writeEarlier(m *markup, p *record.Previous, unit string) {
	m.raw(`<li><span>`)
	m.text(momentDay(p.Sampled))
	m.raw(`</span><span><bdi>`)
	m.text(valueText(p.Value))
	m.raw(`</bdi>`)
	if p.Unit != "" && p.Unit != unit {
		m.raw(` `)
		m.text(p.Unit)
	}
	_, known := parseInterval(p.Reference, p.Unit)
	for _, v := range verdictsOf(p.Flags, known) {
		sign := v.sign
		if v.letter {
			sign = string(v.code)
		}
		if sign == "" {
			continue // in range: the value alone says it
		}
		m.raw(` <span class="s" aria-hidden="true">`)
		m.text(sign)
		m.raw(`</span><span class="vh"> `)
		m.text(v.words)
		m.raw(`</span>`)
	}
	m.raw(`</span></li>`)
}

func writeRemarks(m *markup, o *record.Observation, edge literal) {
	if len(o.Comments) == 0 {
		return
	}
	m.raw(`<tr role="row" class="extra `)
	m.raw(edge)
	m.raw(`"><td role="cell" colspan="`)
	m.raw(columns)
	m.raw(`">`)
	for _, comment := range o.Comments {
		m.raw(`<p class="remark"><b>Commentaire du laboratoire&nbsp;:</b> <bdi>`)
		m.text(comment)
		m.raw(`</bdi></p>`)
	}
	m.raw(`</td></tr>`)
}
