package fhir

import (
	"slices"
	"strconv"
	"strings"

	"guichet/record"
)

// A builder makes the reports of one message.
type builder struct {
	*reader
	patients     map[*resource]bool
	message      *Message
	observations []*observed // in the order sent
	byResource   map[*resource]*observed
	composition  composition
	document     *resource // the Composition, if there is one
	keys         map[string]bool
	held         [][]*observed // in each report of the message
	rows         int           // of all reports
	visits       int           // to results, for all reports
}

// observed is an Observation of the message.
type observed struct {
	observation
	at       *resource
	members  []*observed
	named    bool // by a report, or as a member of another
	reported bool // by a report
}

// build reads every report, and then makes reports of the results that none
// names, so that nothing is lost.
func (b *builder) build() {
	b.byResource, b.keys = make(map[*resource]*observed), make(map[string]bool)
	b.readComposition()
	b.decodeObservations()
	b.checkContext()
	for _, o := range b.observations {
		b.linkMembers(o)
	}
	for _, one := range b.resources {
		if one.kind == "DiagnosticReport" && !b.problems.full() {
			b.readReport(one)
		}
	}
	b.readUnnamed()
	b.nameHeld()
	for _, o := range b.observations {
		b.checkSubject(o.at, o.Subject, o.named || o.at.container != nil)
		b.checkFocus(o)
	}
	if len(b.message.Reports) > maxReports {
		b.problems.add(ReasonTooManyItems, b.message.Kind)
	}
}

func (b *builder) readComposition() {
	if len(b.resources) == 0 || b.resources[0].kind != "Composition" || !b.resources[0].decode(&b.composition, &b.problems) {
		return
	}
	b.document = b.resources[0]
	if b.composition.Status == withdrawn {
		b.problems.add(ReasonWithdrawn, b.document.path+".status")
	}
	b.checkSubject(b.document, b.composition.Subject, false)
}

// decodeObservations reads the Observations of the entries, and those that a
// report or a result contains.
func (b *builder) decodeObservations() {
	take := func(one *resource) {
		o := &observed{at: one}
		if one.decode(&o.observation, &b.problems) {
			b.observations = append(b.observations, o)
			b.byResource[one] = o
		}
	}
	for _, one := range b.resources {
		if one.kind == "Observation" {
			take(one)
		}
	}
	for _, one := range b.inner {
		if one.kind == "Observation" && isOurs(one.container.kind) {
			take(one)
		}
	}
}

// linkMembers finds what belongs to a group. Members of other types are
// context.
func (b *builder) linkMembers(o *observed) {
	for i := range o.HasMember {
		if b.problems.full() {
			return
		}
		member := b.result(o.at, &o.HasMember[i], o.at.path+".hasMember["+strconv.Itoa(i)+"]")
		if member != nil && member != o {
			member.named = true
			o.members = append(o.members, member)
		}
	}
}

// result returns the Observation that a reference means. One that is not in
// the message would be missing from what is shown, and is refused.
func (b *builder) result(from *resource, ref *reference, path string) *observed {
	for _, other := range []string{"QuestionnaireResponse", "MolecularSequence"} {
		if ref.Type == other || strings.HasPrefix(ref.Reference, other+"/") {
			return nil
		}
	}
	one, reason := b.index.find(from, ref.Reference)
	switch {
	case reason != "":
		b.problems.add(reason, path)
		return nil
	case one.kind != "Observation":
		if one.kind != "QuestionnaireResponse" && one.kind != "MolecularSequence" {
			b.problems.add(ReasonReference, path)
		}
		return nil
	}
	return b.byResource[one]
}

// checkSubject refuses what is not said to be of the message's patient.
func (b *builder) checkSubject(one *resource, subject *reference, implied bool) {
	path := one.path + ".subject"
	switch {
	case subject == nil || subject.Reference == "" && subject.Identifier == nil:
		if !implied {
			b.problems.add(ReasonNoSubject, path)
		}
	case !isPatientType(subject.Type), subject.Identifier != nil && !b.isIdentifier(subject.Identifier):
		b.problems.add(ReasonSubject, path)
	case subject.Reference != "":
		target, reason := b.index.find(one, subject.Reference)
		switch {
		case reason != "":
			b.problems.add(reason, path)
		case !b.patients[target]:
			b.problems.add(ReasonSubject, path)
		}
	}
}

// isPatientType reports whether the type of a reference, which may be left out,
// is that of patients.
func isPatientType(kind string) bool {
	return kind == "" || kind == "Patient" || kind == "http://hl7.org/fhir/StructureDefinition/Patient"
}

// aboutPatients are the types of context that say whom they are about.
var aboutPatients = []string{"Specimen", "Media", "ServiceRequest", "Composition"}

// checkContext refuses context about somebody else: it would be shown as the
// patient's.
func (b *builder) checkContext() {
	for _, one := range slices.Concat(b.resources, b.inner) {
		if b.problems.full() {
			return
		}
		var about struct {
			Subject *reference `json:"subject"`
		}
		if one != b.document && slices.Contains(aboutPatients, one.kind) && one.decode(&about, &b.problems) {
			b.checkSubject(one, about.Subject, true)
		}
	}
}

// isIdentifier reports whether id is a number of the patient.
func (b *builder) isIdentifier(id *identifier) bool {
	wanted := record.Identifier{Authority: b.authority(id), Value: line(id.Value)}.Canonical()
	for _, known := range b.message.Identifiers {
		if known.Canonical() == wanted {
			return true
		}
	}
	return false
}

// checkFocus refuses a result about somebody or something else than the
// subject, as a foetus or a donor: it would be read as the patient's.
func (b *builder) checkFocus(o *observed) {
	for i := range o.Focus {
		target, reason := b.index.find(o.at, o.Focus[i].Reference)
		if reason != "" || !b.patients[target] {
			b.problems.add(ReasonFocus, o.at.path+".focus")
			return
		}
	}
}

// readReport reads a DiagnosticReport.
func (b *builder) readReport(one *resource) {
	var d diagnosticReport
	if !one.decode(&d, &b.problems) {
		return
	}
	b.checkSubject(one, d.Subject, false)
	code, _, title := analysis(&d.Code)
	if d.Code.Text == "" && title == code.Value { // a bare code is no title
		title = first(line(b.composition.Title), categoryOf(d.Category), title)
	}
	s := b.newSheet()
	s.hidden = d.Status == withdrawn
	s.report.Title = title
	s.report.Sampled = b.when(one, &d.effective)
	s.report.Issued = b.moment(one, "issued", d.Issued)
	order, names := b.reportNames(one, &d, code)
	key, also := b.claim(one, names)
	root := &head{title: title, code: code, order: order, stated: reportStatus(d.Status), sampled: s.report.Sampled}
	for i := range d.Specimen {
		root.specimen = joinOnce(root.specimen, s.specimen(one, &d.Specimen[i]))
		if !b.isTitle(root.specimen, one.path+".specimen") {
			return
		}
	}
	b.isTitle(title, one.path+".code")
	for i := range d.Result {
		if o := b.result(one, &d.Result[i], one.path+".result["+strconv.Itoa(i)+"]"); o != nil {
			o.named, o.reported = true, true
			s.result(o, root)
		}
	}
	if len(s.sections) == 0 {
		s.open(root, root.specimen)
	}
	b.people(one, &d, &s.report)
	if !s.hidden {
		b.readDocuments(one, &d, &s.report)
		s.report.Comments = append(conclusions(&d), s.report.Comments...)
	}
	s.report.Number = order
	s.whole, s.withdraws, s.also = true, s.hidden, also
	b.finish(s, one.path, func(*section) string { return key })
}

// isTitle refuses what is too long to stand over each part of a report.
func (b *builder) isTitle(text, path string) bool {
	if len(text) <= maxTitle {
		return true
	}
	b.problems.add(ReasonTooManyItems, path)
	return false
}

func conclusions(d *diagnosticReport) []string {
	var list []string
	if said := lines(d.Conclusion); said != "" {
		list = append(list, said)
	}
	for i := range d.ConclusionCode {
		if said := words(&d.ConclusionCode[i]); said != "" {
			list = append(list, said)
		}
	}
	return list
}

// people finds who made, asked for and signed a report.
func (b *builder) people(one *resource, d *diagnosticReport, report *record.Report) {
	for i := range d.Performer {
		report.Laboratory = first(report.Laboratory, b.organization(one, &d.Performer[i]))
	}
	for i := range d.ResultsInterpreter {
		report.Validator = first(report.Validator, b.person(one, &d.ResultsInterpreter[i]))
	}
	for i := range d.Performer {
		report.Validator = first(report.Validator, b.person(one, &d.Performer[i]))
	}
	report.Prescriber = b.prescriber(one, d.BasedOn)
}

func (b *builder) prescriber(one *resource, basedOn []reference) string {
	for i := range basedOn {
		var asked serviceRequest
		if order := b.context(one, &basedOn[i], "ServiceRequest", &asked); order != nil {
			if name := b.person(order, asked.Requester); name != "" {
				return name
			}
		}
	}
	return ""
}

// reportNames returns the report's number as printed, and its names.
func (b *builder) reportNames(one *resource, d *diagnosticReport, code record.Code) (printed string, names []string) {
	printed, _ = numbered(d.Identifier)
	asked, order := b.orderNumber(one, d.BasedOn)
	if names = namesOf(one, d.Identifier); len(names) == 0 {
		names = nameByOrder(one, order, code)
	}
	return first(printed, asked), names
}

// orderNumber returns the number of the order that something answers.
func (b *builder) orderNumber(one *resource, basedOn []reference) (printed, key string) {
	for i := range basedOn {
		var asked serviceRequest
		if b.context(one, &basedOn[i], "ServiceRequest", &asked) == nil {
			if id := basedOn[i].Identifier; id != nil {
				return numbered([]identifier{*id})
			}
			continue
		}
		if asked.Requisition != nil && len(asked.Identifier) == 0 {
			asked.Identifier = []identifier{*asked.Requisition}
		}
		if printed, key = numbered(asked.Identifier); key != "" {
			return printed, key
		}
	}
	return "", ""
}

// numbered returns the first identifier in use, as printed and as a key.
func numbered(list []identifier) (printed, key string) {
	for _, id := range list {
		if value := line(id.Value); value != "" && id.Use != "old" {
			return value, id.System + "|" + value
		}
	}
	return "", ""
}

// finish derives what a whole report says from its sections, and keeps it.
func (b *builder) finish(s *sheet, path string, key func(*section) string) {
	report := &s.report
	var statuses []record.Status
	var orders []string
	items := len(report.Documents)
	for _, part := range s.sections {
		part.finish(report.Sampled)
		statuses = append(statuses, part.Status)
		report.Sampled = report.Sampled.Earlier(part.Sampled)
		report.Count += len(part.Observations)
		for i := range part.Observations {
			if part.Observations[i].IsFlagged() {
				report.Abnormal++
			}
		}
		report.Panels = append(report.Panels, part.Panel)
		orders = append(orders, key(part))
	}
	if report.Sampled.IsZero() {
		report.Sampled = s.collected
	}
	report.Status = record.Combined(statuses)
	report.Titles = []string{report.Title}
	report.Received = s.received
	report.Laboratory = first(report.Laboratory, s.laboratory)
	if b.document != nil {
		report.Laboratory = first(report.Laboratory, b.organization(b.document, b.composition.Custodian))
		for i := range b.composition.Author {
			report.Laboratory = first(report.Laboratory, b.organization(b.document, &b.composition.Author[i]))
		}
	}
	if report.Issued.IsZero() {
		report.Issued = s.issued
	}
	if report.Issued.IsZero() && b.document != nil {
		report.Issued = b.moment(b.document, "date", b.composition.Date)
	}
	if report.Issued.IsZero() {
		report.Issued, _ = moment(b.envelope.Timestamp, b.options.Zone)
	}
	if items += report.Count; items > maxItems || len(report.Panels) > maxPanels {
		b.problems.add(ReasonTooManyItems, path)
		return
	}
	b.message.Reports = append(b.message.Reports, Ordered{Report: *report, Orders: orders, Also: s.also, Whole: s.whole, Withdraws: s.withdraws})
	b.held = append(b.held, s.held)
}

// categoryOf names a category for readers.
func categoryOf(list []concept) string {
	for i := range list {
		for _, c := range list[i].Coding {
			if name, ok := categories[c.Code]; ok {
				return name
			}
		}
	}
	for i := range list {
		if said := words(&list[i]); said != "" {
			return said
		}
	}
	return ""
}

func joinOnce(list, one string) string {
	if list == "" || one == "" || list == one || strings.HasPrefix(list, one+", ") || strings.HasSuffix(list, ", "+one) || strings.Contains(list, ", "+one+", ") {
		return first(list, one)
	}
	return list + ", " + one
}
