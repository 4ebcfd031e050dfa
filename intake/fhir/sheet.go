package fhir

import (
	"strconv"
	"strings"
	"unicode"

	"guichet/record"
)

// A sheet is one report being written: its sections in the order printed.
type sheet struct {
	*builder
	report     record.Report
	sections   []*section
	current    *head // whose section is open
	also       []string
	held       []*observed // in the order written
	whole      bool        // all there is of the report
	withdraws  bool        // it takes back what was sent in error
	hidden     bool        // entered in error: nothing of it is shown
	seen       map[*observed]bool
	written    map[*observed]place  // the row of each
	sets       map[*observed]string // the number of what belongs together
	numbers    int                  // of sets, so far
	received   record.Moment
	collected  record.Moment
	issued     record.Moment
	laboratory string
}

// A place is that of a row.
type place struct {
	section *section
	row     int
}

func (b *builder) newSheet() *sheet {
	return &sheet{builder: b, seen: make(map[*observed]bool), written: make(map[*observed]place), sets: make(map[*observed]string)}
}

// A head is what results stand under: the report itself, or a group in it.
type head struct {
	title    string
	code     record.Code
	order    string
	specimen string
	sampled  record.Moment
	stated   record.Status
	comments []string  // shown once, on the first section
	depth    int       // in groups; 0 is the report
	root     *observed // of what no report names
}

// A section is a panel with what its status follows from.
type section struct {
	record.Panel
	head   *head
	stated record.Status
	parts  []record.Status
}

// result writes an Observation: a group as sections of its own, in the order
// of its members, and any other as a row. Each is written once.
func (s *sheet) result(o *observed, under *head) {
	if s.seen[o] || s.isFull() {
		return
	}
	s.seen[o] = true
	s.held = append(s.held, o)
	s.note(o)
	if len(o.members) == 0 && len(o.Component) == 0 {
		s.write(o, under, s.specimen(o.at, o.Specimen))
		return
	}
	group := s.group(o, under)
	valued := o.value != value{} || o.DataAbsentReason != nil
	if valued {
		if len(o.members) > 0 {
			s.number(o)
		}
		s.write(o, group, group.specimen)
	} else if !s.withdrawn(o) {
		group.comments = s.comments(o)
	}
	for i := range o.Component {
		s.add(s.component(o, &o.Component[i]), group, group.specimen)
	}
	for _, member := range o.members {
		if valued && s.sets[member] == "" {
			s.sets[member] = s.sets[o]
		}
		s.result(member, group)
	}
}

// isFull bounds the rows of all reports of a message together, since reports
// may name the same results.
func (s *sheet) isFull() bool {
	if s.visits++; s.rows < maxRows && s.visits < maxVisits {
		return s.problems.full()
	}
	s.problems.add(ReasonTooManyItems, s.message.Kind)
	return true
}

// group makes the head of what belongs to o.
func (s *sheet) group(o *observed, under *head) *head {
	code, _, name := analysis(&o.Code)
	g := &head{title: name, code: code, order: under.order, stated: under.stated, sampled: s.when(o.at, &o.effective), depth: under.depth + 1, root: under.root,
		specimen: first(s.specimen(o.at, o.Specimen), under.specimen)}
	if g.sampled.IsZero() {
		g.sampled = under.sampled
	}
	if g.depth > maxGroups {
		s.problems.add(ReasonTooDeep, o.at.path+".hasMember")
	}
	s.isTitle(name, o.at.path+".code")
	switch above := under.title; {
	case under.depth == 0 || !speaks(above), len(above)+len(name) > maxTitle:
	case speaks(name):
		g.title = above + " – " + name
	default:
		g.title = above
	}
	return g
}

// speaks reports whether a title says anything: some senders have groups
// called "?".
func speaks(title string) bool {
	return strings.ContainsFunc(title, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// write adds the row of an Observation's own result.
func (s *sheet) write(o *observed, under *head, specimen string) {
	s.add(s.row(o), under, specimen)
	s.written[o] = place{s.last(), len(s.last().Observations) - 1}
}

// add writes a row under a head, in its open section or in a new one where
// another specimen, or another head, came between.
func (s *sheet) add(o record.Observation, under *head, specimen string) {
	specimen = first(specimen, under.specimen)
	if s.current != under || s.last().Specimen != specimen {
		s.open(under, specimen)
	}
	s.rows++
	part := s.last()
	part.Observations = append(part.Observations, o)
	part.parts = append(part.parts, o.Status)
}

func (s *sheet) last() *section { return s.sections[len(s.sections)-1] }

func (s *sheet) open(under *head, specimen string) {
	part := &section{head: under, stated: under.stated}
	part.Order, part.Code, part.Title, part.Specimen, part.Sampled = under.order, under.code, under.title, specimen, under.sampled
	part.Comments, under.comments = under.comments, nil
	s.sections = append(s.sections, part)
	s.current = under
}

// number gives o, an isolate or another result that others belong to, a number
// that they share.
func (s *sheet) number(o *observed) {
	if s.sets[o] == "" {
		s.numbers++
		s.sets[o] = strconv.Itoa(s.numbers)
	}
}

// note keeps what a result says about the whole report.
func (s *sheet) note(o *observed) {
	s.issued = s.issued.Later(s.moment(o.at, "issued", o.Issued))
	for i := range o.Performer {
		s.laboratory = first(s.laboratory, s.organization(o.at, &o.Performer[i]))
	}
}

// specimen returns what a specimen is, and keeps its times.
func (s *sheet) specimen(from *resource, ref *reference) string {
	var sp specimen
	one := s.context(from, ref, "Specimen", &sp)
	if one == nil {
		if ref == nil || s.isWithdrawn(from, ref) {
			return ""
		}
		return line(ref.Display)
	}
	s.received = s.received.Earlier(s.moment(one, "receivedTime", sp.ReceivedTime))
	s.collected = s.collected.Earlier(s.moment(one, "collection.collectedDateTime", sp.Collection.CollectedDateTime))
	if p := sp.Collection.CollectedPeriod; p != nil {
		s.collected = s.collected.Earlier(s.moment(one, "collection.collectedPeriod", first(p.Start, p.End)))
	}
	kind, site := words(sp.Type), words(sp.Collection.BodySite)
	if kind != "" && site != "" {
		kind += " (" + site + ")"
	}
	s.isTitle(kind, one.path+".type")
	return first(kind, site)
}

func (s *sheet) withdrawn(o *observed) bool { return s.hidden || o.Status == withdrawn }

// row writes an Observation's own result.
func (s *sheet) row(o *observed) record.Observation {
	row := s.measured(o, &o.measured)
	row.SubID = s.subID(o)
	if !s.withdrawn(o) {
		row.Comments = s.comments(o)
	}
	return row
}

// component writes a component of an Observation, which has its time, status
// and method.
func (s *sheet) component(o *observed, m *measured) record.Observation {
	row := s.measured(o, m)
	row.SubID = s.sets[o]
	return row
}

func (s *sheet) measured(o *observed, m *measured) record.Observation {
	row := record.Observation{Status: resultStatus(o.Status), Sampled: s.when(o.at, &o.effective)}
	row.Code, row.Local, row.Name = analysis(&m.Code)
	if s.withdrawn(o) {
		row.Status = record.Cancelled
		return row
	}
	if !m.isReadable() {
		s.problems.add(ReasonValue, o.at.path)
	}
	row.Value, row.Unit = m.value.read()
	if row.Value.Kind == record.NoValue {
		row.Value = absence(m.DataAbsentReason)
	}
	row.Reference = printReference(m.ReferenceRange, row.Unit)
	row.Flags = flags(m.Interpretation)
	row.Method = words(o.Method)
	return row
}

func (s *sheet) comments(o *observed) []string {
	var list []string
	for _, n := range o.Note {
		if said := lines(n.Text); said != "" {
			list = append(list, said)
		}
	}
	if site := words(o.BodySite); site != "" {
		list = append(list, "Site : "+site)
	}
	return list
}

// subID is what ties a result to others: the set it was given, or that of the
// one result in words, as an isolate, that it was derived from.
func (s *sheet) subID(o *observed) string {
	if s.sets[o] != "" || len(o.DerivedFrom) != 1 {
		return s.sets[o]
	}
	one, reason := s.index.find(o.at, o.DerivedFrom[0].Reference)
	source := s.byResource[one]
	if reason != "" || source == nil || source.Concept == nil && source.String == "" {
		return ""
	}
	s.number(source)
	if at, ok := s.written[source]; ok {
		at.section.Observations[at.row].SubID = s.sets[source]
	}
	return s.sets[source]
}

// finish settles the section's status and sampling time, and gives the time to
// the results that have none of their own.
func (p *section) finish(sampled record.Moment) {
	p.Status = settled(p.stated, p.parts)
	if p.Sampled.IsZero() {
		for i := range p.Observations {
			p.Sampled = p.Sampled.Earlier(p.Observations[i].Sampled)
		}
	}
	if p.Sampled.IsZero() {
		p.Sampled = sampled
	}
	for i := range p.Observations {
		if p.Observations[i].Sampled.IsZero() {
			p.Observations[i].Sampled = p.Sampled
		}
	}
}
