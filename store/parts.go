package store

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
)

// parts are the sealed rows of a report, as the function deposit takes them.
type parts struct {
	key     *envelope.Key
	patient string
	report  []byte
	kinds   []string
	ids     []string
	places  []int64
	codes   [][]byte
	lengths []int64
	bytes   []byte
}

// sealReport seals a report and all it is made of, for one version of it.
func (s *Store) sealReport(patient *keyed, r *record.Report, id uuid.UUID, version int) (*parts, error) {
	p := &parts{key: patient.key, patient: patient.id.String(), kinds: []string{}, ids: []string{}, places: []int64{}, codes: [][]byte{}, lengths: []int64{}}
	var err error
	if p.report, err = seal(p.key, newReportPayload(r), p.at("report", "sealed", id, version)); err != nil {
		return nil, err
	}
	for i := range r.Panels {
		panel := &r.Panels[i]
		if err := p.addSealed("panel", i, nil, newPanelPayload(panel)); err != nil {
			return nil, err
		}
		for j := range panel.Observations {
			o := &panel.Observations[j]
			code, err := s.analysisIndex(p.patient, o.Code)
			if err != nil {
				return nil, err
			}
			if err := p.addSealed("observation", i, code, newObservationPayload(o)); err != nil {
				return nil, err
			}
		}
	}
	for _, document := range pdfFirst(r.Documents) {
		if err := p.addDocument(document); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// addDocument adds what a list shows of a document, and its bytes apart.
func (p *parts) addDocument(document record.Document) error {
	id := uuid.Must(uuid.NewV7())
	head, err := seal(p.key, documentPayload{Title: document.Title, MediaType: document.MediaType, Size: len(document.Bytes)}, p.at("document", "sealed", id, 1))
	if err != nil {
		return err
	}
	content, err := p.key.Seal(document.Bytes, p.at("document", "content", id, 1))
	if err != nil {
		return err
	}
	p.add("document", id, 0, nil, head)
	p.add("content", id, 0, nil, content)
	return nil
}

func (p *parts) at(table, column string, id uuid.UUID, version int) envelope.Place {
	return envelope.Place{Table: table, Column: column, Patient: p.patient, Record: id.String(), Version: version}
}

func (p *parts) addSealed(kind string, panel int, code []byte, payload any) error {
	id := uuid.Must(uuid.NewV7())
	sealed, err := seal(p.key, payload, p.at(kind, "sealed", id, 1))
	if err != nil {
		return err
	}
	p.add(kind, id, panel, code, sealed)
	return nil
}

func (p *parts) add(kind string, id uuid.UUID, panel int, code, sealed []byte) {
	p.kinds = append(p.kinds, kind)
	p.ids = append(p.ids, id.String())
	p.places = append(p.places, int64(panel)+1) // PostgreSQL counts from one
	p.codes = append(p.codes, orEmpty(code))
	p.lengths = append(p.lengths, int64(len(sealed)))
	p.bytes = append(p.bytes, sealed...)
}

// pdfFirst puts what a reader can open before what only a program can.
func pdfFirst(documents []record.Document) []record.Document {
	var pdf, other []record.Document
	for _, d := range documents {
		if strings.EqualFold(d.MediaType, "application/pdf") {
			pdf = append(pdf, d)
		} else {
			other = append(other, d)
		}
	}
	return append(pdf, other...)
}

// orEmpty keeps nil from becoming NULL.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orderIndexes returns the index of each order number, and for each panel its
// group: the order's index followed by half an index of what the panel is,
// since several panels may answer one order. They are per patient: a number
// that comes back for somebody else is another report.
func (s *Store) orderIndexes(c *carrier, o *Ordered) (orders, groups [][]byte, err error) {
	if len(o.Orders) != len(o.Report.Panels) || len(o.Orders) == 0 {
		return nil, nil, fault.New(fault.Invalid, errors.New("a report needs an order for each panel"))
	}
	type panelOf struct{ number, system, code string }
	times := make(map[panelOf]int)
	patient := c.patient.id.String()
	for i, number := range o.Orders {
		order, err := s.keys.Blind(envelope.Order, patient, c.sender, number)
		if err != nil {
			return nil, nil, err
		}
		p := panelOf{number, o.Report.Panels[i].Code.System, o.Report.Panels[i].Code.Value}
		times[p]++
		panel, err := s.keys.Blind(envelope.Order, patient, c.sender, number, p.system, p.code, strconv.Itoa(times[p]))
		if err != nil {
			return nil, nil, err
		}
		orders = append(orders, order)
		groups = append(groups, append(bytes.Clone(order), panel[:len(panel)/2]...))
	}
	also, err := s.nameIndexes(c, o.Also)
	return append(orders, also...), groups, err
}

// nameIndexes returns the index of each name.
func (s *Store) nameIndexes(c *carrier, names []string) ([][]byte, error) {
	indexes := [][]byte{}
	for _, name := range names {
		index, err := s.keys.Blind(envelope.Order, c.patient.id.String(), c.sender, name)
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, index)
	}
	return indexes, nil
}
