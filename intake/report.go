package intake

import (
	"slices"
	"strings"

	"guichet/record"
)

// A reader builds the report of one message, segment by segment.
type reader struct {
	header  *Header
	options Options

	patient     *segment // the first PID
	identity    record.Identity
	identifiers []record.Identifier

	report   record.Report
	panel    *panel
	finished []*panel
	items    int       // results and documents so far
	orderer  string    // ORC-12, for the orders below it
	pending  []string  // comments on the order to come
	comments *[]string // where the next NTE belongs; nil: nowhere
	previous *segment  // the OBX just read, if its text may go on in the next
}

// A panel is an order being read.
type panel struct {
	record.Panel
	number     string // identifies the order among the sender's
	received   record.Moment
	issued     record.Moment
	prescriber string
	validator  string
	laboratory string
	stated     record.Status   // OBR-25
	parts      []record.Status // of results and documents, those not shown included
}

// read takes in the next segment. Segments that hold nothing of ours are
// passed over; a comment on one of them goes where the last of ours went.
func (r *reader) read(s *segment) *Problem {
	previous := r.previous
	r.previous = nil
	switch s.id {
	case "PID":
		return r.readPatient(s)
	case "ORC":
		r.orderer = person(s.field(12))
		if r.panel != nil && len(r.panel.parts) > 0 {
			r.panel = nil // what comes next is of another order
		}
		r.comments = &r.pending
	case "OBR":
		return r.readOrder(s)
	case "OBX":
		return r.readResult(s, previous)
	case "SPM":
		return r.readSpecimen(s)
	case "NTE":
		r.readComment(s)
	case "MSH":
		return s.problem(ReasonSeveralMessages, 0)
	case "ADD":
		return s.problem(ReasonContinued, 0)
	case "DSC":
		if !s.field(1).isEmpty() {
			return s.problem(ReasonContinued, 1)
		}
	}
	return nil
}

func (r *reader) readPatient(s *segment) *Problem {
	if len(s.field(3).repetitions()) > maxIdentifiers {
		return s.problem(ReasonTooManyItems, 3)
	}
	identity, problem := identity(s, r.options.Zone, r.options.Now)
	if problem != nil {
		return problem
	}
	identifiers := identifiers(s, r.options.LocalAuthority)
	if problem := checkINS(s, identity, identifiers); problem != nil {
		return problem
	}
	if r.patient != nil && (identity != r.identity || !slices.Equal(identifiers, r.identifiers)) {
		return s.problem(ReasonSeveralPatients, 0)
	}
	r.patient, r.identity, r.identifiers = s, identity, identifiers
	r.panel, r.orderer = nil, ""
	r.comments = &r.report.Comments
	return nil
}

func (r *reader) readOrder(s *segment) *Problem {
	if r.patient == nil {
		return s.problem(ReasonNoPatient, 0)
	}
	if len(r.finished) >= maxOrders {
		return s.problem(ReasonTooManyItems, 0)
	}
	p := &panel{stated: orderStatus(s.field(25).component(1).text())}
	var problem *Problem
	for _, time := range []struct {
		field  int
		target *record.Moment
	}{{7, &p.Sampled}, {14, &p.received}, {22, &p.issued}} {
		if *time.target, problem = s.moment(time.field, r.options.Zone); problem != nil {
			return problem
		}
	}
	number := s.field(3)
	if number.component(1).isEmpty() {
		number = s.field(2)
	}
	p.Order, p.number = number.component(1).text(), number.canonical()
	p.Code, _, p.Title = analysis(s.field(4))
	p.Specimen = specimenSource(s.field(15))
	p.prescriber = firstOf(person(s.field(16)), r.orderer)
	p.validator = person(s.field(32))
	p.Comments, r.pending = r.pending, nil
	r.panel = p
	r.finished = append(r.finished, p)
	r.comments = &p.Comments
	return nil
}

// specimenSource reads OBR-15 (SPS), whose first component is itself coded.
func specimenSource(sps element) string {
	source := sps.component(1)
	return firstOf(source.subcomponent(2).text(), source.subcomponent(1).text(), sps.component(2).text())
}

func (r *reader) readSpecimen(s *segment) *Problem {
	p := r.panel
	if p == nil {
		return nil // of an order without results
	}
	r.comments = &p.Comments
	if kind := codedText(s.field(4)); p.Specimen == "" {
		p.Specimen = kind
	}
	sampled, problem := s.moment(17, r.options.Zone)
	if problem != nil {
		return problem
	}
	received, problem := s.moment(18, r.options.Zone)
	if problem != nil {
		return problem
	}
	if p.Sampled.IsZero() {
		p.Sampled = sampled
	}
	if p.received.IsZero() {
		p.received = received
	}
	return nil
}

func (r *reader) readComment(s *segment) {
	if r.comments == nil {
		return
	}
	if comment := s.field(3).paragraph(); comment != "" {
		*r.comments = append(*r.comments, comment)
	}
}

// finish derives what the whole report says from its panels.
func (r *reader) finish() *record.Report {
	report := &r.report
	report.Comments = append(report.Comments, r.pending...) // the order they wait for did not come
	var statuses []record.Status
	var titles []string
	titled := make(map[string]bool)
	for _, p := range r.finished {
		p.finish()
		statuses = append(statuses, p.Status)
		if p.Title != "" && !titled[p.Title] {
			titled[p.Title] = true
			titles = append(titles, p.Title)
		}
		report.Number = firstOf(report.Number, p.Order)
		report.Laboratory = firstOf(report.Laboratory, p.laboratory)
		report.Prescriber = firstOf(report.Prescriber, p.prescriber)
		report.Validator = firstOf(report.Validator, p.validator)
		report.Sampled = report.Sampled.Earlier(p.Sampled)
		report.Received = report.Received.Earlier(p.received)
		report.Issued = report.Issued.Later(p.issued)
		report.Count += len(p.Observations)
		for i := range p.Observations {
			if p.Observations[i].IsFlagged() {
				report.Abnormal++
			}
		}
		report.Panels = append(report.Panels, p.Panel)
	}
	report.Status = record.Combined(statuses)
	report.Title, report.Titles = strings.Join(titles, ", "), titles
	report.Laboratory = firstOf(report.Laboratory, r.header.Facility)
	if report.Issued.IsZero() {
		report.Issued, _ = moment(r.header.Sent, r.options.Zone)
	}
	return report
}

// finish settles the panel's status and sampling time, and gives the time to
// the results that have none of their own.
func (p *panel) finish() {
	p.Status = p.stated
	derived := record.Combined(p.parts)
	allTakenBack := len(p.parts) > 0 && derived == record.Cancelled
	if p.Status == "" || allTakenBack || p.Status == record.Final && derived == record.Corrected {
		p.Status = derived
	}
	if p.Sampled.IsZero() {
		for i := range p.Observations {
			p.Sampled = p.Sampled.Earlier(p.Observations[i].Sampled)
		}
	}
	for i := range p.Observations {
		if p.Observations[i].Sampled.IsZero() {
			p.Observations[i].Sampled = p.Sampled
		}
	}
}
