package web

import (
	"bytes"
	"fmt"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of the document, in millimetres but for sizes of type.
const (
	paperMargin = 14
	paperFoot   = 18
	paperLine   = 4.6
	paperType   = 9
)

// accessWidths are the columns: when, who, what, why.
var accessWidths = []float64{28, 48, 64, 42}

// AccessDocument writes the accesses of a page as a document to print or to hand on.
// Its accessible form is the page itself.
func (w *Web) AccessDocument(page AccessLogPage) ([]byte, error) {
	l := w.in(page.Language)
	say := &l.say.Access
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(page.Now)
	pdf.SetModificationDate(page.Now)
	pdf.SetCatalogSort(true)
	pdf.SetLang(string(l.code))
	pdf.SetTitle(say.Heading, true)
	pdf.SetMargins(paperMargin, paperMargin, paperMargin)
	pdf.SetAutoPageBreak(false, paperFoot)
	pdf.AddUTF8FontFromBytes("go", "", goregular.TTF)
	pdf.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	pdf.AliasNbPages("")
	pdf.SetFooterFunc(func() {
		pdf.SetY(-paperFoot + 6)
		pdf.SetFont("go", "", 8)
		pdf.CellFormat(0, 5, printable(w.site.Hospital+" · Guichet"), "", 0, "L", false, 0, "")
		pdf.SetX(paperMargin)
		pdf.CellFormat(0, 5, fmt.Sprintf("%d / {nb}", pdf.PageNo()), "", 0, "R", false, 0, "")
	})
	d := &paper{pdf: pdf}
	d.page = func() {
		pdf.AddPage()
		d.row(true, say.Heads)
	}

	pdf.AddPage()
	d.text("B", 16, 8, say.Heading)
	if patient := l.newIdentityLine(page.Patient, page.Now); patient != nil {
		d.text("B", 10, 5, patient.print())
	}
	if !page.Now.IsZero() {
		d.text("", paperType, paperLine, fill(say.Made, "when", l.dayAndHour(page.Now, page.Now), "name", viewerName(page.Base)))
	}
	form := l.newAccessForm(page.Filter)
	for _, choices := range [][]choice{form.Who, form.Acts, form.Periods} {
		for _, c := range choices {
			if c.Chosen && c.Value != "" {
				d.text("", paperType, paperLine, "– "+c.Words)
			}
		}
	}
	d.text("", paperType, paperLine, l.count(page.Total, say.Accesses)+".")
	if page.More {
		d.text("B", paperType, paperLine, say.Cut)
	}
	pdf.Ln(3)
	d.row(true, say.Heads)
	for i := range page.Accesses {
		d.row(false, l.accessCells(page, i))
	}

	var b bytes.Buffer
	if err := pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return b.Bytes(), nil
}

// accessCells are a line of the document.
func (l *language) accessCells(page AccessLogPage, i int) []string {
	a := &page.Accesses[i]
	line := l.newAccessLine(a)
	who, did, why := line.Who, line.Did, line.Why
	if line.As != "" {
		who += ", " + line.As
	}
	if line.About != nil {
		did += " " + strings.TrimSpace(line.About.Title.String()+" "+line.About.Day)
	}
	if line.Tag != nil {
		why = strings.TrimSpace(line.Tag.Words + ". " + why)
	}
	return []string{l.day(a.At) + "\n" + l.wideHour(a.At), who, upperFirst(did), why}
}

// paper is a PDF under way.
type paper struct {
	pdf  *fpdf.Fpdf
	page func() // begins another page
}

func (d *paper) text(style string, size, height float64, text string) {
	d.pdf.SetFont("go", style, size)
	d.pdf.MultiCell(0, height, printable(text), "", "L", false)
}

// row writes cells side by side, whole on one page.
func (d *paper) row(head bool, cells []string) {
	style := ""
	if head {
		style = "B"
	}
	d.pdf.SetFont("go", style, paperType)
	lines := make([][]string, len(cells))
	tallest := 1
	for i, cell := range cells {
		for _, part := range strings.Split(printable(cell), "\n") {
			lines[i] = append(lines[i], d.pdf.SplitText(part, accessWidths[i]-2)...)
		}
		tallest = max(tallest, len(lines[i]))
	}
	height := float64(tallest)*paperLine + 2
	_, bottom := d.pdf.GetPageSize()
	if !head && d.pdf.GetY()+height > bottom-paperFoot {
		d.page()
		d.pdf.SetFont("go", style, paperType)
	}
	x, y := d.pdf.GetXY()
	for i := range lines {
		for n, text := range lines[i] {
			d.pdf.SetXY(x, y+1+float64(n)*paperLine)
			d.pdf.CellFormat(accessWidths[i], paperLine, text, "", 0, "L", false, 0, "")
		}
		x += accessWidths[i]
	}
	d.pdf.SetXY(paperMargin, y+height)
	d.pdf.Line(paperMargin, y+height, paperMargin+182, y+height)
}

// printable leaves out what the document's font has no sign for.
func printable(text string) string {
	return strings.NewReplacer(narrowNbsp, nbsp, "\r", "").Replace(text)
}
