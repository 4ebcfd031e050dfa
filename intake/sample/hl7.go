package sample

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"guichet/record"
)

// documentCode and documentTitle name the laboratory's own PDF.
const (
	documentCode  = "11502-2" // LOINC
	documentTitle = "Compte rendu d’examens biologiques"
)

// HL7 writes m as HL7 v2.5 ORU^R01 in the French profile.
func (m *Message) HL7() []byte {
	var w writer
	w.segment("MSH", `^~\&`, m.laboratory.application, escape(m.laboratory.name), "GUICHET", Authority, stamp(m.issued), "", "ORU^R01^ORU_R01", m.Control, "P", "2.5",
		"", "", "", "", "FRA", "UNICODE UTF-8")
	m.writePatient(&w)
	w.segment("PV1", "1", "O")
	for i := range m.orders {
		m.writeOrder(&w, i)
	}
	return []byte(w.String())
}

func (m *Message) writeOrder(w *writer, i int) {
	o := &m.orders[i]
	placer, filler := m.orderNumber("D", i)+"^"+Authority, m.orderNumber("B", i)+"^"+m.laboratory.authority
	obr := make([]string, 32)
	for field, value := range map[int]string{
		1: fmt.Sprint(i + 1), 2: placer, 3: filler, 4: universal(o.loinc, o.code, o.title),
		7: stamp(m.Sampled), 16: xcn(m.prescriber), 22: stamp(m.issued), 25: statusCode(m.statusOf(o)), 32: ndl(m.biologist),
	} {
		obr[field-1] = value
	}
	w.segment("ORC", "RE", placer, filler)
	w.segment("OBR", obr...)
	w.comments(m.commentsOn(i))
	set := 0
	for j := range o.results {
		set = m.writeResult(w, set, o, &o.results[j])
	}
	if i == 0 && m.document != nil {
		w.segment("OBX", fmt.Sprint(set+1), "ED", universal(documentCode, "", documentTitle), "",
			"^application^pdf^Base64^"+base64.StdEncoding.EncodeToString(m.document), "", "", "", "", "", statusCode(m.statusOf(o)))
	}
	spm := make([]string, 18)
	spm[0], spm[3], spm[16], spm[17] = "1", o.specimen.code+"^"+escape(o.specimen.text)+"^HL70487", stamp(m.Sampled), stamp(m.received)
	w.segment("SPM", spm...)
}

// statusOf returns where an order stands: corrected is only what holds a
// corrected result.
func (m *Message) statusOf(o *order) status {
	if o.status != "" {
		return o.status
	}
	for i := range o.results {
		if o.results[i].status == corrected {
			return corrected
		}
	}
	return final
}

// statusIn returns where a result of o stands.
func (m *Message) statusIn(o *order, l *line) status {
	if l.status != "" {
		return l.status
	}
	if o.status != "" {
		return o.status
	}
	return final
}

// commentsOn returns what is said about order i: what concerns the whole
// report stands with the first that is corrected.
func (m *Message) commentsOn(i int) []string {
	comments := m.orders[i].comments
	if m.explanation != "" && m.statusOf(&m.orders[i]) == corrected {
		comments = append([]string{m.explanation}, comments...)
	}
	return comments
}

// statusCode is in both tables of HL7, 0085 and 0123.
func statusCode(s status) string {
	switch s {
	case pending:
		return "I"
	case preliminary:
		return "P"
	case corrected:
		return "C"
	case cancelled:
		return "X"
	}
	return "F"
}

func (m *Message) orderNumber(kind string, order int) string {
	return fmt.Sprintf("%s%s-%03d-%d", kind, m.person.Local, m.number, order+1)
}

func (m *Message) writePatient(w *writer) {
	p := m.person
	id := p.Identity
	sex := "M"
	if id.Sex == record.Female {
		sex = "F"
	}
	names := fmt.Sprintf("%s^%s^%s^^^^L", escape(id.Family), escape(id.First()), escape(id.Given))
	if id.Usual != "" {
		names += fmt.Sprintf("~%s^%s^^^^^D", escape(id.Usual), escape(id.First()))
	}
	w.segment("PID", "1", "",
		fmt.Sprintf("%s^^^ASIP-SANTE-INS-NIR&%s&ISO^INS~%s^^^%s^PI", p.INS, record.OIDNIRTest, p.Local, Authority), "",
		names, "", strings.ReplaceAll(id.Birthdate, "-", ""), sex, "", "",
		fmt.Sprintf("^^PARIS^^75012^FRA^H~^^%s^^^^BDL^^%s", escape(birthTown(id.Birthplace)), id.Birthplace))
}

func birthTown(code string) string {
	for _, p := range places {
		if p.code == code {
			return p.name
		}
	}
	return ""
}

// writeResult writes l below o, a text as one OBX a line, and returns the set
// number of the last.
func (m *Message) writeResult(w *writer, set int, o *order, l *line) int {
	unit := ""
	if l.unit != "" {
		unit = escape(l.unit) + "^^^" + escape(l.ucum) + "^^UCUM"
	}
	method := ""
	if l.method != "" {
		method = "^" + escape(l.method)
	}
	kind, values := l.field()
	for _, value := range values {
		set++
		w.segment("OBX", fmt.Sprint(set), kind, universal(l.loinc, l.local, l.label), l.sub, value, unit, escape(l.reference), l.flag, "", "",
			statusCode(m.statusIn(o, l)), "", "", stamp(m.Sampled), "", "", method)
	}
	w.comments(l.comments)
	return set
}

// field returns the type and the values of OBX-5.
func (l *line) field() (kind string, values []string) {
	switch l.kind {
	case titre:
		return "SN", []string{"^1^:^" + l.value}
	case coded:
		if l.answer.code == "" {
			return "CWE", []string{""}
		}
		return "CWE", []string{l.answer.code + "^" + escape(l.answer.text) + "^SCT"}
	case text:
		for part := range strings.SplitSeq(l.value, "\n") {
			values = append(values, escape(part))
		}
		return "TX", values
	}
	if l.comparator != "" {
		return "SN", []string{l.comparator + "^" + l.value}
	}
	return "NM", []string{l.value}
}

// universal is a coded element of LOINC and the laboratory's own code, or the
// one there is.
func universal(loinc, local, label string) string {
	label = escape(label)
	switch {
	case loinc == "":
		return local + "^" + label + "^L"
	case local == "":
		return loinc + "^" + label + "^LN"
	}
	return loinc + "^" + label + "^LN^" + local + "^" + label + "^L"
}

func xcn(p practitioner) string {
	return fmt.Sprintf("%s^%s^%s^^^Dr^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO", p.number, escape(p.family), escape(p.given))
}

func ndl(p practitioner) string {
	return fmt.Sprintf("%s&%s&%s&&&Dr", p.number, escape(p.family), escape(p.given))
}

func stamp(t time.Time) string { return t.Format("20060102150405-0700") }

var escapes = strings.NewReplacer(`\`, `\E\`, "|", `\F\`, "^", `\S\`, "&", `\T\`, "~", `\R\`, "\n", `\.br\`)

func escape(text string) string { return escapes.Replace(text) }

// writer gathers segments.
type writer struct{ strings.Builder }

func (w *writer) segment(name string, fields ...string) {
	_, _ = w.WriteString(strings.TrimRight(name+"|"+strings.Join(fields, "|"), "|") + "\r")
}

func (w *writer) comments(list []string) {
	for i, comment := range list {
		w.segment("NTE", fmt.Sprint(i+1), "", escape(comment))
	}
}
