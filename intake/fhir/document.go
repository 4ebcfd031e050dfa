package fhir

import (
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

// mediaType says what data is; declared is a content type.
func mediaType(data []byte, declared string) string {
	declared, _, _ = strings.Cut(strings.ToLower(declared), ";")
	declared = strings.TrimSpace(declared)
	return record.MediaType(data, strings.HasSuffix(declared, "xml"), strings.HasPrefix(declared, "text/"))
}
