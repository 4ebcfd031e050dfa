package web

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"guichet/record"
)

// ReportPage is one report, as the laboratory sent it.
type ReportPage struct {
	Base
	Patient *record.Patient
	Report  *record.Report
}

type report struct {
	patient   *identityLine
	Day       string // of the sample; the title of the page holds nothing else of the record
	Title     title
	Status    tag
	Version   string
	Printed   string // when and by whom, on paper only
	Meta      []metaItem
	Notice    string         // what its state means to the reader
	Replaced  []analysisLink // where an older value stands struck
	Comments  []string
	Brief     *brief
	Panels    []panel
	Letters   bool // an antibiogram is among the panels
	Documents []document
	Original  *document // the PDF that counts
	Units     []unitKey
	Lines     bool // a number line is among the rows
}

func (r report) section() (string, *identityLine) { return "reports", r.patient }

type metaItem struct{ Term, Value string }

type unitKey struct{ Unit, Spoken string }

type document struct {
	Title title
	Kind  string // PDF
	Size  string // 184 ko
	Path  string // empty when Guichet cannot show it
}

func (p ReportPage) view(l *language) (string, Base, any) {
	r := p.Report
	if r == nil {
		r = &record.Report{}
	}
	content := report{
		patient:  l.newIdentityLine(p.Patient, p.Now),
		Day:      l.momentDay(r.Sampled),
		Title:    l.titleOf(r),
		Status:   l.newStatusTag(r.Status),
		Meta:     l.metaOf(r),
		Notice:   l.noticeOf(r.Status),
		Replaced: l.replacedIn(r),
		Comments: r.Comments,
		Brief:    l.newBrief(r),
		Units:    l.unitsOf(r),
	}
	if r.Version > 1 {
		content.Version = fill(l.say.Report.Version, "n", strconv.Itoa(r.Version))
		if !r.Deposited.IsZero() {
			content.Version = fill(l.say.Report.VersionOf, "n", strconv.Itoa(r.Version), "day", l.day(r.Deposited), "hour", l.hour(r.Deposited))
		}
	}
	if !p.Now.IsZero() {
		content.Printed = fill(l.say.Time.DayAndHour, "day", l.day(p.Now), "hour", l.hour(p.Now))
		if name := viewerName(p.Base); name != "" {
			content.Printed = fill(l.say.Report.PrintedBy, "when", content.Printed, "name", name)
		}
	}
	content.Panels = l.newPanels(r, l.printLine(content.patient, r))
	for i := range content.Panels {
		content.Letters = content.Letters || content.Panels[i].Letters
		content.Lines = content.Lines || content.Panels[i].Lines
	}
	content.Documents, content.Original = l.documentsOf(r)
	return "report", p.Base, content
}

// noticeOf warns of a report that is not the last word.
func (l *language) noticeOf(s record.Status) string {
	switch s {
	case record.Registered, record.Partial:
		return l.say.Report.Incomplete
	case record.Preliminary:
		return l.say.Report.Provisional
	case record.Corrected:
		return l.say.Report.Corrected
	case record.Cancelled:
		return l.say.Report.Cancelled
	}
	return ""
}

// replacedIn leads to the results that this version of a report changed.
func (l *language) replacedIn(r *record.Report) []analysisLink {
	var links []analysisLink
	row := 0
	for i := range r.Panels {
		for j := range r.Panels[i].Observations {
			if o := &r.Panels[i].Observations[j]; o.Replaced != nil {
				links = append(links, analysisLink{Anchor: rowAnchor(row), Name: l.nameOf(o)})
			}
			row++
		}
	}
	return links
}

// metaOf is who did what and when, as far as the laboratory said it.
func (l *language) metaOf(r *record.Report) []metaItem {
	items := []metaItem{
		{Term: l.say.Report.Sampled, Value: l.weekdayMoment(r.Sampled)},
		l.stages(r.Received, r.Issued),
		{Term: l.say.Report.Prescriber, Value: r.Prescriber},
		{Term: l.say.Report.Validator, Value: r.Validator},
		{Term: l.say.Report.Laboratory, Value: r.Laboratory},
	}
	if r.Number != "" {
		items = append(items, metaItem{Term: l.say.Report.Number, Value: fill(l.say.Report.NumberOf, "number", r.Number)})
	}
	return slices.DeleteFunc(items, func(i metaItem) bool { return i.Value == "" })
}

// stages writes when the laboratory received the sample and issued the report.
func (l *language) stages(received, issued record.Moment) metaItem {
	last := l.moment(issued)
	switch {
	case received.IsZero():
		return metaItem{Term: l.say.Report.Issued, Value: last}
	case issued.IsZero():
		return metaItem{Term: l.say.Report.Received, Value: l.moment(received)}
	case issued.Precision >= record.ToMinute && sameDay(received.At, issued.At):
		last = shortHour(issued.At)
	}
	return metaItem{Term: l.say.Report.Stages, Value: fill(l.say.Report.ThenValue, "received", l.moment(received), "issued", last)}
}

func (l *language) printLine(patient *identityLine, r *record.Report) string {
	line := patient.print()
	if !r.Sampled.IsZero() {
		line += fill(l.say.Report.SampledOn, "when", l.moment(r.Sampled))
	}
	if r.Number != "" {
		line += " · " + fill(l.say.Report.NumberOf, "number", r.Number)
	}
	if r.Version > 1 {
		line += " v" + strconv.Itoa(r.Version)
	}
	return strings.TrimPrefix(line, " · ")
}

// panel is the results of one order.
type panel struct {
	Anchor    string
	PrintLine string // identity, sample and number, above the table on paper
	Title     title
	Specimen  string
	Sampled   string // where it is not the report's
	Status    tag    // where it is not the report's
	Comments  []string
	Rows      template.HTML
	Letters   bool
	Lines     bool
}

func (l *language) newPanels(r *record.Report, line string) []panel {
	panels := make([]panel, 0, len(r.Panels))
	from := 0
	for i := range r.Panels {
		p := &r.Panels[i]
		shown := panel{
			Anchor:    "p" + strconv.Itoa(i+1),
			PrintLine: line,
			Title:     l.panelTitle(p, r),
			Specimen:  p.Specimen,
			Comments:  p.Comments,
		}
		if !p.Sampled.IsZero() && l.moment(p.Sampled) != l.moment(r.Sampled) {
			shown.Sampled = fill(l.say.Report.PanelSampledOn, "when", l.moment(p.Sampled))
		}
		if p.Status != r.Status && p.Status != record.Final {
			shown.Status = l.newStatusTag(p.Status)
		}
		rows := resultRows{language: l, from: from}
		rows.writePanel(p)
		shown.Rows, shown.Letters, shown.Lines = rows.html(), rows.letters, rows.lines
		panels = append(panels, shown)
		from += len(p.Observations)
	}
	return panels
}

func (l *language) panelTitle(p *record.Panel, r *record.Report) title {
	for _, sent := range []string{p.Title, p.Code.Text} {
		if sent != "" && (sent != r.Title || len(r.Panels) > 1) {
			return title{Sent: sent}
		}
	}
	return title{Own: l.say.Report.Results}
}

// documentsOf lists what came with the report. The address of the original
// serves the first PDF.
func (l *language) documentsOf(r *record.Report) (list []document, original *document) {
	for i := range r.Documents {
		d := &r.Documents[i]
		shown := document{Title: title{Sent: d.Title}, Kind: l.mediaName(d.MediaType)}
		if d.Title == "" {
			shown.Title.Own = l.say.Report.Document
		}
		if d.Size > 0 {
			shown.Size = l.fileSize(d.Size)
		}
		if d.MediaType == "application/pdf" && original == nil {
			shown.Path = reportPath(r.ID) + "/original.pdf"
			original = &shown
		}
		list = append(list, shown)
	}
	return list, original
}

func (l *language) mediaName(mediaType string) string {
	switch mediaType {
	case "application/pdf":
		return "PDF"
	case "text/xml", "application/xml":
		return l.say.Report.Structured
	case "text/plain":
		return l.say.Report.PlainText
	case "image/jpeg", "image/png", "image/tiff":
		return l.say.Report.Image
	case "":
		return l.say.Report.UnknownMedia
	}
	return mediaType
}

// unitsOf is the key to the units of a report, each explained once.
func (l *language) unitsOf(r *record.Report) []unitKey {
	var keys []unitKey
	seen := make(map[string]bool)
	for i := range r.Panels {
		for j := range r.Panels[i].Observations {
			unit := r.Panels[i].Observations[j].Unit
			if spoken := l.spokenUnit(unit); spoken != "" && !seen[unit] {
				seen[unit] = true
				keys = append(keys, unitKey{unit, spoken})
			}
		}
	}
	return keys
}
