package sample

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"guichet/record"
)

// A visit is one report to be.
type visit struct {
	person      *Person
	number      int // among the person's visits, from 1
	control     string
	sampled     time.Time
	status      string // F, or C for a correction
	orders      []order
	prescriber  practitioner
	biologist   practitioner
	document    []byte // a PDF, or nil
	explanation string // printed below the patient
}

// message writes v as HL7 v2.5 ORU^R01 in the French profile.
func (v *visit) message() []byte {
	var w writer
	received, issued := v.sampled.Add(50*time.Minute), v.sampled.Add(6*time.Hour)
	if v.status == "C" {
		issued = issued.Add(20 * time.Hour)
	}
	w.segment("MSH", `^~\&`, "SIL", "Laboratoire de l’hôpital", "GUICHET", Authority, stamp(issued), "", "ORU^R01^ORU_R01", v.control, "P", "2.5",
		"", "", "", "", "FRA", "UNICODE UTF-8")
	v.patient(&w)
	if v.explanation != "" {
		w.segment("NTE", "1", "", escape(v.explanation))
	}
	w.segment("PV1", "1", "O")
	for i, o := range v.orders {
		placer, filler := v.orderNumber("D", i)+"^"+Authority, v.orderNumber("B", i)+"^LABO-HOP"
		obr := make([]string, 32)
		for field, value := range map[int]string{
			1: fmt.Sprint(i + 1), 2: placer, 3: filler,
			4: fmt.Sprintf("%s^%s^LN^%s^%s^L", o.code, escape(o.title), o.local, escape(o.title)),
			7: stamp(v.sampled), 16: xcn(v.prescriber), 22: stamp(issued), 25: v.status, 32: ndl(v.biologist),
		} {
			obr[field-1] = value
		}
		w.segment("ORC", "RE", placer, filler)
		w.segment("OBR", obr...)
		if o.comment != "" {
			w.segment("NTE", "1", "", escape(o.comment))
		}
		set := 0
		for _, l := range o.results {
			set++
			v.result(&w, set, l)
		}
		if i == 0 && v.document != nil {
			set++
			w.segment("OBX", fmt.Sprint(set), "ED", "11502-2^Compte rendu d'examens biologiques^LN", "",
				"^application^pdf^Base64^"+base64.StdEncoding.EncodeToString(v.document), "", "", "", "", "", v.status)
		}
		spm := make([]string, 18)
		spm[0], spm[3], spm[16], spm[17] = "1", "^"+escape(o.specimen), stamp(v.sampled), stamp(received)
		w.segment("SPM", spm...)
	}
	return []byte(w.String())
}

func (v *visit) orderNumber(kind string, order int) string {
	return fmt.Sprintf("%s%s-%03d-%d", kind, v.person.Local, v.number, order+1)
}

func (v *visit) patient(w *writer) {
	id := v.person.Identity
	sex := "M"
	if id.Sex == record.Female {
		sex = "F"
	}
	names := fmt.Sprintf("%s^%s^%s^^^^L", escape(id.Family), escape(id.First()), escape(id.Given))
	if id.Usual != "" {
		names += fmt.Sprintf("~%s^%s^^^^^D", escape(id.Usual), escape(id.First()))
	}
	w.segment("PID", "1", "",
		fmt.Sprintf("%s^^^ASIP-SANTE-INS-NIR&%s&ISO^INS~%s^^^%s^PI", v.person.INS, record.OIDNIRTest, v.person.Local, Authority), "",
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

func (v *visit) result(w *writer, set int, l line) {
	value := l.value
	if l.kind == "TX" {
		value = escape(value)
	}
	status := firstOf(l.status, v.status)
	obx := []string{
		fmt.Sprint(set), l.kind, fmt.Sprintf("%s^%s^LN^%s^%s^L", l.code, escape(l.name), l.local, escape(l.label)), l.sub,
		value, escape(l.unit), escape(l.reference), l.flag, "", "", status, "", "", stamp(v.sampled), "", "", "^" + escape(l.method),
	}
	if l.method == "" {
		obx = obx[:14]
	}
	w.segment("OBX", obx...)
	if l.comment != "" {
		w.segment("NTE", "1", "", escape(l.comment))
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
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
