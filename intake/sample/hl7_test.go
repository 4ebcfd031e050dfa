package sample

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/record"
)

// shown is what a result must still say after it has been sent and read.
type shown struct {
	Code, Name, Value, Unit, Reference, Flag, Method, Sub string
	Status                                                record.Status
	Comments                                              string
}

// TestHL7LosesNothing: every result that was made is read, as it was made.
func TestHL7LosesNothing(t *testing.T) {
	for _, p := range append(People(), Patients(9, 15)...) {
		for m := range Messages(p, 9, now) {
			read := parse(t, m.HL7())
			if len(read.Report.Panels) != len(m.orders) {
				t.Fatalf("%s: %d panels, want %d", m.Control, len(read.Report.Panels), len(m.orders))
			}
			for i := range m.orders {
				o, panel := &m.orders[i], &read.Report.Panels[i]
				var want, got []shown
				for j := range o.results {
					want = append(want, m.shown(o, &o.results[j]))
				}
				for j := range panel.Observations {
					got = append(got, readBack(&panel.Observations[j]))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s, %s (-made +read):\n%s", m.Control, o.title, diff)
				}
				if diff := cmp.Diff(strings.Join(m.commentsOn(i), "|"), strings.Join(panel.Comments, "|")); diff != "" {
					t.Errorf("%s, %s: comments (-made +read):\n%s", m.Control, o.title, diff)
				}
			}
			if got := len(read.Report.Documents); got != 0 && m.document == nil || got == 0 && m.document != nil {
				t.Errorf("%s: %d documents", m.Control, got)
			}
		}
	}
}

func (m *Message) shown(o *order, l *line) shown {
	s := shown{Code: l.loinc, Name: l.label, Value: l.printed(), Unit: l.unit, Reference: l.reference, Flag: l.flag, Method: l.method, Sub: l.sub,
		Status: record.Status(m.statusIn(o, l)), Comments: strings.Join(l.comments, "|")}
	if s.Code == "" {
		s.Code = l.local
	}
	return s
}

func readBack(o *record.Observation) shown {
	s := shown{Code: o.Code.Value, Name: o.Name, Value: strings.Replace(o.Value.Text, "1:", "1/", 1), Unit: o.Unit, Reference: o.Reference, Method: o.Method, Sub: o.SubID,
		Status: o.Status, Comments: strings.Join(o.Comments, "|")}
	for _, f := range o.Flags {
		s.Flag += string(f)
	}
	return s
}
