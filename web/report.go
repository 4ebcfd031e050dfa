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
	Title     string
	Status    tag
	Version   string
	Printed   string // when and by whom, on paper only
	Meta      []metaItem
	Notice    string // what its state means to the reader
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

type metaItem struct{ Term, Value, Note string }

type unitKey struct{ Unit, Spoken string }

type document struct {
	Title string
	Kind  string // PDF
	Size  string // 184 ko
	Path  string // empty when Guichet cannot show it
}

func (p ReportPage) view() (string, Base, any) {
	r := p.Report
	if r == nil {
		r = &record.Report{}
	}
	content := report{
		patient:  newIdentityLine(p.Patient, p.Now),
		Day:      momentDay(r.Sampled),
		Title:    reportTitle(r),
		Status:   newStatusTag(r.Status),
		Meta:     metaOf(r),
		Notice:   noticeOf(r.Status),
		Comments: r.Comments,
		Brief:    newBrief(r),
		Units:    unitsOf(r),
	}
	if r.Version > 1 {
		content.Version = "version" + nbsp + strconv.Itoa(r.Version)
		if !r.Deposited.IsZero() {
			content.Version += ", du " + shortDay(r.Deposited) + " à" + nbsp + hour(r.Deposited)
		}
	}
	if !p.Now.IsZero() {
		content.Printed = shortDay(p.Now) + " à" + nbsp + hour(p.Now)
		if name := viewerName(p.Base); name != "" {
			content.Printed += " par " + name
		}
	}
	content.Panels = newPanels(r, printLine(content.patient, r))
	for i := range content.Panels {
		content.Letters = content.Letters || content.Panels[i].Letters
		content.Lines = content.Lines || content.Panels[i].Lines
	}
	content.Documents, content.Original = documentsOf(r)
	return "report", p.Base, content
}

// noticeOf warns of a report that is not the last word.
func noticeOf(s record.Status) string {
	switch s {
	case record.Registered, record.Partial:
		return "D’autres résultats de ce compte rendu suivront."
	case record.Preliminary:
		return "Ces résultats sont provisoires" + nbsp + ": le laboratoire peut encore les changer."
	case record.Corrected:
		return "Le laboratoire a corrigé ce compte rendu" + nbsp + ": cette version remplace les précédentes."
	case record.Cancelled:
		return "Le laboratoire a annulé ce compte rendu" + nbsp + ": n’en tenez pas compte."
	}
	return ""
}

// metaOf is who did what and when, as far as the laboratory said it.
func metaOf(r *record.Report) []metaItem {
	items := []metaItem{
		{Term: "Prélevé", Value: weekdayMoment(r.Sampled)},
		stages(r.Received, r.Issued),
		{Term: "Prescrit par", Value: r.Prescriber},
		{Term: "Validé par", Value: r.Validator},
		{Term: "Laboratoire", Value: r.Laboratory},
	}
	if r.Number != "" {
		items = append(items, metaItem{Term: "Dossier de laboratoire", Value: "n°" + nbsp + r.Number})
	}
	return slices.DeleteFunc(items, func(i metaItem) bool { return i.Value == "" })
}

// stages writes when the laboratory received the sample and issued the report.
func stages(received, issued record.Moment) metaItem {
	switch {
	case received.IsZero():
		return metaItem{Term: "Rendu", Value: moment(issued)}
	case issued.IsZero():
		return metaItem{Term: "Reçu", Value: moment(received)}
	case issued.Precision >= record.ToMinute && sameDay(received.At, issued.At):
		return metaItem{Term: "Reçu, puis rendu", Value: moment(received) + ", puis " + shortHour(issued.At)}
	}
	return metaItem{Term: "Reçu, puis rendu", Value: moment(received) + ", puis " + moment(issued)}
}

func printLine(patient *identityLine, r *record.Report) string {
	line := patient.print()
	if !r.Sampled.IsZero() {
		line += " · prélevé le " + moment(r.Sampled)
	}
	if r.Number != "" {
		line += " · n°" + nbsp + r.Number
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
	Title     string
	Sub       string
	Status    tag // where it is not the report's
	Comments  []string
	Rows      template.HTML
	Letters   bool
	Lines     bool
}

func newPanels(r *record.Report, line string) []panel {
	panels := make([]panel, 0, len(r.Panels))
	from := 0
	for i := range r.Panels {
		p := &r.Panels[i]
		shown := panel{
			Anchor:    "p" + strconv.Itoa(i+1),
			PrintLine: line,
			Title:     panelTitle(p, r),
			Sub:       panelSub(p, r),
			Comments:  p.Comments,
		}
		if p.Status != r.Status && p.Status != record.Final {
			shown.Status = newStatusTag(p.Status)
		}
		rows := resultRows{from: from}
		rows.writePanel(p)
		shown.Rows, shown.Letters, shown.Lines = rows.html(), rows.letters, rows.lines
		panels = append(panels, shown)
		from += len(p.Observations)
	}
	return panels
}

func panelTitle(p *record.Panel, r *record.Report) string {
	for _, title := range []string{p.Title, p.Code.Text} {
		if title != "" && (title != r.Title || len(r.Panels) > 1) {
			return title
		}
	}
	return "Résultats"
}

// panelSub says what is the panel's own: its specimen, and its sampling time
// where that differs from the report's.
func panelSub(p *record.Panel, r *record.Report) string {
	sub := p.Specimen
	if !p.Sampled.IsZero() && moment(p.Sampled) != moment(r.Sampled) {
		if sub != "" {
			sub += ", "
		}
		sub += "prélevé le " + moment(p.Sampled)
	}
	return sub
}

// documentsOf lists what came with the report. The address of the original
// serves the first PDF.
func documentsOf(r *record.Report) (list []document, original *document) {
	for i := range r.Documents {
		d := &r.Documents[i]
		shown := document{Title: d.Title, Kind: mediaName(d.MediaType)}
		if shown.Title == "" {
			shown.Title = "Document joint"
		}
		if d.Size > 0 {
			shown.Size = fileSize(d.Size)
		}
		if d.MediaType == "application/pdf" && original == nil {
			shown.Path = reportPath(r.ID) + "/original.pdf"
			original = &shown
		}
		list = append(list, shown)
	}
	return list, original
}

func mediaName(mediaType string) string {
	switch mediaType {
	case "application/pdf":
		return "PDF"
	case "text/xml", "application/xml":
		return "document structuré (CDA)"
	case "text/plain":
		return "texte"
	case "image/jpeg", "image/png", "image/tiff":
		return "image"
	case "":
		return "format non indiqué"
	}
	return mediaType
}

// unitsOf is the key to the units of a report, each explained once.
func unitsOf(r *record.Report) []unitKey {
	var keys []unitKey
	seen := make(map[string]bool)
	for i := range r.Panels {
		for j := range r.Panels[i].Observations {
			unit := r.Panels[i].Observations[j].Unit
			if spoken := spokenUnit(unit); spoken != "" && !seen[unit] {
				seen[unit] = true
				keys = append(keys, unitKey{unit, spoken})
			}
		}
	}
	return keys
}
