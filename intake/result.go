package intake

import (
	"strings"

	"guichet/record"
)

// notTransmitted stands beside a result that is only a pointer to a document
// inside the hospital: the address is of no use outside and tells too much.
const notTransmitted = "Document conservé par le laboratoire, non transmis."

// readResult reads an OBX. previous is the OBX directly before it whose text
// it may continue.
func (r *reader) readResult(s, previous *segment) *Problem {
	if isTransmission(s.field(3)) { // what restricts was refused before
		r.comments = nil
		return nil
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
		last.Value = joined(last.Value, value(s.kind(), s.field(5), ""))
		r.previous, r.comments = s, &last.Comments
		return nil
	}
	p.parts = append(p.parts, status)
	p.laboratory = firstOf(p.laboratory, s.field(23).component(1).text(), codedText(s.field(15)))
	if s.kind() == "ED" && status != record.Cancelled {
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
		Unit:      unit(s.field(6)),
		Reference: s.field(7).lines(),
		Flags:     flags(s.field(8)),
		Status:    status,
		Method:    codedTexts(s.field(17)),
	}
	o.Code, o.Local, o.Name = analysis(s.field(3))
	switch kind := s.kind(); kind {
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
// send a long text as one OBX a line, which say the same but for the text.
func continues(s, previous *segment) bool {
	if previous == nil || !isText(s) || !s.field(6).isEmpty() || !s.field(7).isEmpty() {
		return false
	}
	for n := 3; n < max(len(s.fields), len(previous.fields)); n++ {
		if (n < 5 || n > 7) && s.field(n).raw != previous.field(n).raw {
			return false
		}
	}
	return true
}

func isText(s *segment) bool {
	kind := s.kind()
	return kind == "TX" || kind == "FT"
}

// joined returns a text with another below it.
func joined(first, next record.Value) record.Value {
	if first.Text == "" {
		return next
	}
	return record.Value{Kind: record.Text, Text: first.Text + "\n" + next.Text}
}
