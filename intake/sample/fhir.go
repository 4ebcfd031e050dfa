package sample

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"guichet/record"
)

// Systems of the codes and numbers that French laboratories send in FHIR.
const (
	loincSystem    = record.LOINC
	ucumSystem     = "http://unitsofmeasure.org"
	sctSystem      = "http://snomed.info/sct"
	flagSystem     = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
	categorySystem = "http://terminology.hl7.org/CodeSystem/observation-category"
	sectionSystem  = "http://terminology.hl7.org/CodeSystem/v2-0074"
	specimenSystem = "http://terminology.hl7.org/CodeSystem/v2-0487"
	typeSystem     = "http://terminology.hl7.org/CodeSystem/v2-0203"
	insTypeSystem  = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
	townSystem     = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
	rppsSystem     = "https://rpps.esante.gouv.fr"
	ownSystem      = "urn:guichet:" + Authority // the hospital's own numbers of patients

	birthPlaceURL = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
	townURL       = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code"
	givenListURL  = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name"
)

// identities is the name space of the resources' ids, so that what is sent
// again has the same.
var identities = uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:guichet:sample"))

func identity(parts ...string) string {
	return uuid.NewSHA1(identities, []byte(strings.Join(parts, "\x00"))).String()
}

func linkTo(id string) link { return link{"urn:uuid:" + id} }

// FHIR writes m as a FHIR R4 transaction Bundle: it says what HL7 says.
func (m *Message) FHIR() []byte {
	w := m.newBundle()
	w.patient(m.person)
	w.people()
	w.report()
	return w.bytes()
}

// Admission writes p alone as a FHIR R4 transaction Bundle: somebody known to
// the hospital about whom there is nothing yet.
func Admission(p Person, now time.Time) []byte {
	w := &bundleWriter{Message: &Message{person: &p}, out: bundle{
		resource: resource{"Bundle", identity("admission", p.Local)}, Type: "transaction", Timestamp: instant(now)}}
	w.patient(&p)
	return w.bytes()
}

// A bundleWriter gathers the entries of one message.
type bundleWriter struct {
	*Message
	out     bundle
	subject link
}

func (m *Message) newBundle() *bundleWriter {
	return &bundleWriter{Message: m, out: bundle{
		resource: resource{"Bundle", identity("bundle", m.laboratory.authority, m.Control)}, Identifier: &identifier{System: m.system(), Value: m.Control},
		Type: "transaction", Timestamp: instant(m.issued),
	}}
}

func (w *bundleWriter) bytes() []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(w.out); err != nil {
		panic(err) // a number of ours that is none: its tests find it
	}
	return b.Bytes()
}

// add puts a resource whose id is known into the bundle.
func (w *bundleWriter) add(kind, id string, content any) link {
	w.out.Entry = append(w.out.Entry, entry{FullURL: "urn:uuid:" + id, Resource: content, Request: request{"PUT", kind + "/" + id}})
	return linkTo(id)
}

func (m *Message) system() string { return "urn:guichet:" + m.laboratory.authority }

func (w *bundleWriter) patient(p *Person) {
	id := p.Identity
	birth := humanName{Use: "official", Family: id.Family, Given: []string{id.First()}, Extension: []extension{{URL: givenListURL, String: id.Given}}}
	names := []humanName{birth}
	if id.Usual != "" {
		names = append(names, humanName{Use: "usual", Family: id.Usual, Given: []string{id.First()}})
	}
	own := identity("patient", p.Local)
	town := address{City: birthTown(id.Birthplace), Extension: []extension{{URL: townURL, Coding: &fhirCoding{System: townSystem, Code: id.Birthplace}}}}
	w.subject = w.add("Patient", own, patientResource{
		resource:  resource{"Patient", own},
		Extension: []extension{{URL: birthPlaceURL, Address: &town}},
		Identifier: []identifier{
			{Use: "official", Type: typed(insTypeSystem, "INS-NIR-TEST"), System: "urn:oid:" + record.OIDNIRTest, Value: p.INS},
			{Use: "usual", Type: typed(typeSystem, "PI"), System: ownSystem, Value: p.Local},
		},
		Active: true, Name: names, Gender: string(id.Sex), BirthDate: id.Birthdate,
	})
}

func typed(system, code string) *concept {
	return &concept{Coding: []fhirCoding{{System: system, Code: code}}}
}

// people are the laboratory and the two practitioners.
func (w *bundleWriter) people() {
	id := identity("organization", w.laboratory.authority)
	w.add("Organization", id, organizationResource{resource: resource{"Organization", id},
		Identifier: []identifier{{System: ownSystem, Value: w.laboratory.authority}}, Name: w.laboratory.name})
	for _, p := range []practitioner{w.prescriber, w.biologist} {
		id := identity("practitioner", p.number)
		w.add("Practitioner", id, practitionerResource{resource: resource{"Practitioner", id},
			Identifier: []identifier{{System: rppsSystem, Value: p.number}}, Name: []humanName{{Family: p.family, Given: []string{p.given}, Prefix: []string{"Dr"}}}})
	}
}

// report writes the report and, for each order, what was asked for, the sample
// and the results under their panel.
func (w *bundleWriter) report() {
	number := w.orderNumber("B", 0)
	id := identity("report", w.laboratory.authority, number)
	performer := []link{linkTo(identity("organization", w.laboratory.authority))}
	report := reportResource{
		resource: resource{"DiagnosticReport", id}, Identifier: []identifier{{System: w.system(), Value: number}}, Status: w.reportStatus(),
		Category: []concept{{Coding: []fhirCoding{{System: sectionSystem, Code: "LAB"}}}},
		Subject:  w.subject, Effective: instant(w.Sampled), Issued: instant(w.issued), Performer: performer,
		ResultsInterpreter: []link{linkTo(identity("practitioner", w.biologist.number))},
	}
	var titles []string
	for i := range w.orders {
		titles = append(titles, w.orders[i].title)
		asked, panel := w.order(i, performer)
		report.BasedOn, report.Result = append(report.BasedOn, asked), append(report.Result, panel)
	}
	report.Code = concept{Coding: []fhirCoding{{System: loincSystem, Code: documentCode}}, Text: strings.Join(titles, ", ")}
	if w.document != nil {
		report.PresentedForm = []attachment{{ContentType: "application/pdf", Data: w.Message.document, Title: documentTitle}}
	}
	w.add("DiagnosticReport", id, report)
}

// reportStatus follows from the orders'.
func (m *Message) reportStatus() status {
	found := make(map[status]int)
	for i := range m.orders {
		found[m.statusOf(&m.orders[i])]++
	}
	switch n := len(m.orders); {
	case found[cancelled] == n:
		return cancelled
	case found[corrected] > 0:
		return corrected
	case found[preliminary]+found[cancelled] == n:
		return preliminary
	case found[preliminary] > 0:
		return "partial"
	}
	return final
}

func (w *bundleWriter) order(i int, performer []link) (asked, panel link) {
	o := &w.orders[i]
	number := w.orderNumber("B", i)
	code := codes(o.loinc, w.system(), o.code, o.title)
	id := identity("request", w.orderNumber("D", i))
	asked = w.add("ServiceRequest", id, requestResource{resource: resource{"ServiceRequest", id},
		Identifier: []identifier{{System: ownSystem, Value: w.orderNumber("D", i)}}, Status: "completed", Intent: "order", Code: code, Subject: w.subject,
		Requester: linkTo(identity("practitioner", w.prescriber.number))})
	id = identity("specimen", number)
	sample := w.add("Specimen", id, specimenResource{resource: resource{"Specimen", id}, Subject: w.subject, ReceivedTime: instant(w.received),
		Type:       concept{Coding: []fhirCoding{{System: specimenSystem, Code: o.specimen.code}}, Text: o.specimen.text},
		Collection: collection{instant(w.Sampled)}})
	common := observationResource{
		Category: []concept{{Coding: []fhirCoding{{System: categorySystem, Code: "laboratory"}}}},
		Subject:  w.subject, Effective: instant(w.Sampled), Performer: performer, Specimen: &sample,
	}
	var members []link
	isolates := make(map[string]link)
	for j := range o.results {
		members = append(members, w.result(o, j, number, common, isolates))
	}
	id = identity("panel", number)
	common.resource, common.Identifier = resource{"Observation", id}, []identifier{{System: w.system(), Value: number}}
	common.Status, common.Code, common.Note, common.HasMember = w.statusOf(o), code, notes(w.commentsOn(i)), members
	return asked, w.add("Observation", id, common)
}

// result writes one result. What belongs to an isolate is derived from it.
func (w *bundleWriter) result(o *order, j int, number string, as observationResource, isolates map[string]link) link {
	l := &o.results[j]
	name := number + "-" + l.local + l.loinc + l.sub
	id := identity("result", w.laboratory.authority, name)
	as.resource, as.Identifier, as.Status = resource{"Observation", id}, []identifier{{System: w.system(), Value: name}}, w.statusIn(o, l)
	as.Code, as.Note = codes(l.loinc, w.system(), l.local, l.label), notes(l.comments)
	w.setValue(&as, l)
	if l.flag != "" {
		as.Interpretation = []concept{{Coding: []fhirCoding{{System: flagSystem, Code: l.flag}}}}
	}
	if l.method != "" {
		as.Method = &concept{Text: l.method}
	}
	if l.reference != "" {
		as.Reference = []rangeOf{{Low: l.quantityOf(l.low), High: l.quantityOf(l.high), Text: l.reference}}
	}
	if isolate, ok := isolates[l.sub]; ok {
		as.DerivedFrom = []link{isolate}
	}
	made := w.add("Observation", id, as)
	if l.sub != "" && l.kind == coded {
		isolates[l.sub] = made
	}
	return made
}

func (w *bundleWriter) setValue(as *observationResource, l *line) {
	if l.value == "" {
		return // not made, or not yet
	}
	switch l.kind {
	case number:
		as.Quantity = l.quantityOf(l.value)
		as.Quantity.Comparator = l.comparator
	case titre:
		as.Ratio = &ratio{quantity{Value: "1"}, quantity{Value: json.Number(l.value)}}
	case coded:
		as.Concept = &concept{Coding: []fhirCoding{{System: sctSystem, Code: l.answer.code, Display: l.answer.text}}, Text: l.answer.text}
	case text:
		as.String = l.value
	}
}

// quantityOf returns digits with the unit of l, nil without any.
func (l *line) quantityOf(digits string) *quantity {
	if digits == "" {
		return nil
	}
	q := &quantity{Value: json.Number(digits), Unit: l.unit}
	if l.ucum != "" {
		q.System, q.Code = ucumSystem, l.ucum
	}
	return q
}

// codes is a concept of LOINC and the laboratory's own code, or the one there
// is, as the laboratory prints it.
func codes(loinc, system, local, label string) concept {
	c := concept{Text: label}
	if loinc != "" {
		c.Coding = append(c.Coding, fhirCoding{System: loincSystem, Code: loinc})
	}
	if local != "" {
		c.Coding = append(c.Coding, fhirCoding{System: system, Code: local, Display: label})
	}
	return c
}

func notes(comments []string) []annotation {
	var list []annotation
	for _, comment := range comments {
		list = append(list, annotation{comment})
	}
	return list
}

func instant(t time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") }
