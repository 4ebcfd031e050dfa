package sample

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// linesOfPage fit an A4 page.
const linesOfPage = 52

// pdf returns a document with these lines, on as many pages as they need.
func pdf(lines []string) []byte {
	const fixed = 3 // objects before the pages: catalogue, pages, font
	var pages, objects []string
	for part := range slices.Chunk(lines, linesOfPage) {
		page, content := fixed+1+len(objects), pageContent(part)
		pages = append(pages, fmt.Sprintf("%d 0 R", page))
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", page+1),
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	objects = append([]string{
		"<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>",
		fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(pages, " "), len(pages)),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}, objects...)
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return out.Bytes()
}

func pageContent(lines []string) string {
	var page strings.Builder
	page.WriteString("BT /F1 10 Tf 14 TL 56 790 Td\n")
	for _, line := range lines {
		page.WriteString("(" + pdfText(line) + ") Tj T*\n")
	}
	page.WriteString("ET")
	return page.String()
}

// outsideWinAnsi are what laboratories print and the font has not.
var outsideWinAnsi = strings.NewReplacer("₂", "2")

// pdfText writes line in WinAnsi, escaped as a PDF string.
func pdfText(line string) string {
	var b strings.Builder
	for _, r := range outsideWinAnsi.Replace(line) {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			c = '?'
		}
		if c == '(' || c == ')' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
