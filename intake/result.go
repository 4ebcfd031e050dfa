package intake

import (
	"slices"
	"strings"

	"guichet/record"
)

// transmission is the coding system of the French profile's OBX that steer the
// transmission of a document (CI-SIS, transmission de documents CDA en HL7v2).
// They are for the systems on the way, not results.
const transmission = "METADMPMSS"

// withholding are the transmission flags that restrict who may see a document.
var withholding = []string{"INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX", "MASQUE_PS", "CONNEXION_SECRETE"}

// notTransmitted stands beside a result that is only a pointer to a document
// inside the hospital: the address is of no use outside and tells too much.
const notTransmitted = "Document conservé par le laboratoire, non transmis."

// readResult reads an OBX. previous is the OBX directly before it whose text
// it may continue.
func (r *reader) readResult(s, previous *segment) *Problem {
	code := s.field(3)
	if strings.EqualFold(code.component(3).text(), transmission) {
		r.comments = nil
		return readFlag(s)
	}
	p := r.panel
	if p == nil {
		return s.problem(ReasonNoOrder, 0)
	}
	status, shown, problem := p.resultStatus(s)
	if problem != nil {
		return problem
	}
	if !shown {
		p.parts = append(p.parts, status)
		r.comments = nil
		return nil
	}
	if continues(s, previous) {
		last := &p.Observations[len(p.Observations)-1]
		last.Value = joined(last.Value, value(s.field(2).text(), s.field(5), ""))
		r.previous, r.comments = s, &last.Comments
		return nil
	}
	p.parts = append(p.parts, status)
	p.laboratory = firstOf(p.laboratory, s.field(23).component(1).text(), codedText(s.field(15)))
	if s.field(2).text() == "ED" && status != record.Cancelled {
		added, problem := r.readDocuments(s)
		if added || problem != nil {
			return problem
		}
	}
	observation, problem := r.observation(s, status)
	if problem != nil {
		return problem
	}
	if problem := r.countItem(s); problem != nil {
		return problem
	}
	p.Observations = append(p.Observations, observation)
	r.comments = &p.Observations[len(p.Observations)-1].Comments
	if isText(s) {
		r.previous = s
	}
	return nil
}

// countItem makes room for one more result or document of s.
func (r *reader) countItem(s *segment) *Problem {
	if r.items >= maxItems {
		return s.problem(ReasonTooManyItems, 0)
	}
	r.items++
	return nil
}

// readFlag refuses a message that asks for a restriction of visibility, since
// showing it without the restriction would disclose what was to be withheld
// (closed by default).
func readFlag(s *segment) *Problem {
	name := strings.ToUpper(s.field(3).component(1).text())
	if slices.Contains(withholding, name) && !strings.EqualFold(s.field(5).component(1).text(), "N") {
		return s.problem(ReasonWithheld, 5)
	}
	return nil
}

// resultStatus reads OBX-11. A result without a status has that of its order,
// and is not validated if that has none either.
func (p *panel) resultStatus(s *segment) (record.Status, bool, *Problem) {
	code := strings.ToUpper(s.field(11).component(1).text())
	if code == "" {
		if p.stated != "" {
			return p.stated, true, nil
		}
		return record.Preliminary, true, nil
	}
	status, shown, known := resultStatus(code)
	if !known {
		return "", false, s.problem(ReasonStatus, 11)
	}
	return status, shown, nil
}

func (r *reader) observation(s *segment, status record.Status) (record.Observation, *Problem) {
	o := record.Observation{
		SubID:     s.field(4).text(),
		Unit:      firstOf(s.field(6).component(1).text(), s.field(6).component(2).text()),
		Reference: s.field(7).lines(),
		Flags:     flags(s.field(8)),
		Status:    status,
		Method:    codedTexts(s.field(17)),
	}
	o.Code, o.Local, o.Name = analysis(s.field(3))
	switch kind := strings.ToUpper(s.field(2).text()); kind {
	case "RP", "ED":
		if status != record.Cancelled {
			o.Comments = []string{notTransmitted}
		}
	default:
		o.Value = value(kind, s.field(5), o.Unit)
	}
	var problem *Problem
	o.Sampled, problem = s.moment(14, r.options.Zone)
	return o, problem
}

// flags reads OBX-8, a code that repeats and, in later versions, has a text.
func flags(field element) []record.Flag {
	var list []record.Flag
	for _, coded := range field.repetitions() {
		if flag := firstOf(coded.component(1).text(), coded.component(4).text()); flag != "" {
			list = append(list, record.Flag(flag))
		}
	}
	return list
}

// readDocuments reads the documents of an ED result; added is false when it
// holds none.
func (r *reader) readDocuments(s *segment) (added bool, _ *Problem) {
	_, _, title := analysis(s.field(3))
	for _, ed := range s.field(5).repetitions() {
		d, ok := document(ed, firstOf(title, r.panel.Title))
		if !ok {
			return false, s.problem(ReasonDocument, 5)
		}
		if d.Size == 0 {
			continue
		}
		if problem := r.countItem(s); problem != nil {
			return false, problem
		}
		r.report.Documents = append(r.report.Documents, d)
		added = true
	}
	if added {
		r.comments = &r.panel.Comments
	}
	return added, nil
}

// continues reports whether s goes on with the text of previous: laboratories
// send a long text as one OBX a line, all with the same OBX-3 and OBX-4.
func continues(s, previous *segment) bool {
	if previous == nil || !isText(s) {
		return false
	}
	for _, field := range []int{3, 4, 8, 11} {
		if s.field(field).raw != previous.field(field).raw {
			return false
		}
	}
	return s.field(6).isEmpty() && s.field(7).isEmpty()
}

func isText(s *segment) bool {
	kind := s.field(2).text()
	return kind == "TX" || kind == "FT"
}

// joined returns a text with another below it.
func joined(first, next record.Value) record.Value {
	if first.Text == "" {
		return next
	}
	return record.Value{Kind: record.Text, Text: first.Text + "\n" + next.Text}
}
