package fhir

import (
	"bytes"
	"encoding/base64"
	"strings"

	"guichet/record"
)

// notTransmitted stands beside a report that has only the address of a
// document inside the hospital: it is of no use outside and tells too much.
const notTransmitted = "Document conservé par le laboratoire, non transmis."

// readDocuments reads the documents of a report: those presented with it, and
// the pictures in the message that it names.
func (b *builder) readDocuments(one *resource, d *diagnosticReport, report *record.Report) {
	title := report.Title
	for i := range d.PresentedForm {
		form := &d.PresentedForm[i]
		if form.Data == "" && form.URL != "" {
			var inner binaryData
			if b.context(one, &reference{Reference: form.URL}, "Binary", &inner) != nil {
				form.Data, form.ContentType = inner.Data, first(form.ContentType, inner.ContentType)
			}
		}
		b.addDocument(one.path+".presentedForm", form, first(line(form.Title), title), report)
	}
	for i := range d.Media {
		var picture media
		if b.context(one, &d.Media[i].Link, "Media", &picture) != nil {
			b.addDocument(one.path+".media", &picture.Content, first(line(d.Media[i].Comment), line(picture.Content.Title), title), report)
		}
	}
}

func (b *builder) addDocument(path string, form *attachment, title string, report *record.Report) {
	if form.Data == "" {
		if form.URL != "" {
			report.Comments = append(report.Comments, notTransmitted)
		}
		return
	}
	data, ok := decodeBase64(form.Data)
	if !ok {
		b.problems.add(ReasonDocument, path)
		return
	}
	report.Documents = append(report.Documents, record.Document{Title: title, MediaType: mediaType(data, form.ContentType), Size: len(data), Bytes: data})
}

// decodeBase64 accepts base64 broken into lines, as FHIR does.
func decodeBase64(text string) ([]byte, bool) {
	if strings.ContainsAny(text, " \t\r\n") {
		text = strings.Join(strings.Fields(text), "")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	return data, err == nil && len(data) > 0
}

// mediaType says what data is. The bytes decide, since a wrong type would be
// opened by the wrong program on somebody's telephone; the declared type
// decides only between kinds of text.
func mediaType(data []byte, declared string) string {
	declared, _, _ = strings.Cut(strings.ToLower(declared), ";")
	declared = strings.TrimSpace(declared)
	start := data[:min(len(data), 1024)]
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case bytes.Contains(start, []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(start, []byte("\xFF\xD8\xFF")):
		return "image/jpeg"
	case bytes.HasPrefix(start, []byte("\x89PNG\r\n\x1A\n")):
		return "image/png"
	case bytes.HasPrefix(start, []byte("II*\x00")), bytes.HasPrefix(start, []byte("MM\x00*")):
		return "image/tiff"
	case bytes.HasPrefix(text, []byte("<")) && (strings.HasSuffix(declared, "xml") || bytes.HasPrefix(text, []byte("<?xml"))):
		return "text/xml"
	case strings.HasPrefix(declared, "text/"):
		return "text/plain"
	}
	return "application/octet-stream"
}
