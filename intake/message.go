package intake

import (
	"strconv"
	"strings"
	"time"

	"guichet/record"
)

// defaultSegments is far above the largest message seen (some hundred
// results), and bounds what one message can cost.
const defaultSegments = 10_000

// One report must fit one deposit, which is stored whole or not at all. These
// bounds are far above any report, and below what one deposit takes: beyond
// them the sender hears what to mend, instead of a failure to store.
const (
	maxOrders      = 500   // OBR
	maxIdentifiers = 50    // repetitions of PID-3
	maxItems       = 4_500 // results and documents
)

// Options say how to read messages in one hospital.
type Options struct {
	LocalAuthority string           // assigning authority of the hospital's own patient numbers
	Zone           *time.Location   // of times without an offset; nil means UTC
	Now            func() time.Time // nobody is born later; nil means time.Now
	MaxSegments    int              // in a message; 0 means 10,000
}

// Message is what one message says.
type Message struct {
	Header      Header
	Identity    record.Identity
	Identifiers []record.Identifier
	Contact     record.Contact
	Report      record.Report // without IDs; one panel for each order
	Orders      []string      // the sender's number of each panel's order
}

// Parse reads an ORU^R01 message of one patient. An error is a *Problem.
func Parse(raw []byte, o Options) (*Message, error) {
	m, problem := parse(raw, o.withDefaults())
	if problem != nil {
		return nil, problem
	}
	return m, nil
}

func (o Options) withDefaults() Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxSegments <= 0 {
		o.MaxSegments = defaultSegments
	}
	return o
}

func parse(raw []byte, o Options) (*Message, *Problem) {
	header, syntax, problem := parseHeader(raw)
	if problem != nil {
		return nil, problem
	}
	if problem := supported(header.Event); problem != nil {
		return nil, problem
	}
	text, set, ok := decode(raw, header.set)
	if !ok {
		return nil, NewProblem(ReasonCharset, Place{Segment: "MSH", Sequence: 1, Field: 18})
	}
	syntax.set = set
	list, problem := segments(strings.TrimPrefix(text, "\uFEFF"), syntax, o.MaxSegments)
	if problem != nil {
		return nil, problem
	}
	for i := range list {
		if problem := restricted(&list[i]); problem != nil {
			return nil, problem
		}
	}
	r := &reader{header: &header, options: o}
	r.comments = &r.report.Comments
	for i := range list[1:] {
		if problem := r.read(&list[i+1]); problem != nil {
			return nil, problem
		}
	}
	switch {
	case r.patient == nil:
		return nil, NewProblem(ReasonNoPatient, Place{Segment: "PID"})
	case len(r.finished) == 0:
		return nil, NewProblem(ReasonNoOrder, Place{Segment: "OBR"})
	}
	m := &Message{Header: header, Identity: r.identity, Identifiers: r.identifiers, Contact: contact(r.patient), Report: *r.finish()}
	for i, p := range r.finished {
		number := p.number
		if number == "" {
			number = header.Control + "#" + strconv.Itoa(i+1)
		}
		m.Orders = append(m.Orders, number)
	}
	return m, nil
}

// supported says whether event is one we read.
func supported(event string) *Problem {
	place := Place{Segment: "MSH", Sequence: 1, Field: 9, Component: 1}
	kind, trigger, _ := strings.Cut(event, "^")
	if kind != "ORU" {
		return NewProblem(ReasonMessageType, place)
	}
	if trigger != "R01" {
		place.Component = 2
		return NewProblem(ReasonEvent, place)
	}
	return nil
}
