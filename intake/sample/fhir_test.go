package sample

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/intake"
	"guichet/intake/fhir"
	"guichet/record"
)

func parseFHIR(t *testing.T, raw []byte) *fhir.Message {
	t.Helper()
	m, err := fhir.Parse(raw, "", "", fhir.Options{LocalAuthority: Authority, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("parse: %v\n%.300s", err, raw)
	}
	return m
}

// TestBothFormatsSayTheSame reads every message in both formats and compares
// what becomes of them.
func TestBothFormatsSayTheSame(t *testing.T) {
	results := 0
	for _, p := range append(People(), Patients(5, 3)...) {
		for m := range Messages(p, 5, now) {
			a, b := parse(t, m.HL7()), parseFHIR(t, m.FHIR())
			if diff := cmp.Diff(a.Identity, b.Identity); diff != "" {
				t.Fatalf("%s: identity (-HL7 +FHIR):\n%s", m.Control, diff)
			}
			if diff := cmp.Diff(a.Identifiers, b.Identifiers); diff != "" {
				t.Fatalf("%s: identifiers (-HL7 +FHIR):\n%s", m.Control, diff)
			}
			if len(b.Reports) != 1 {
				t.Fatalf("%s: %d reports in FHIR, want 1", m.Control, len(b.Reports))
			}
			if diff := cmp.Diff(comparable(a), comparable(&intake.Message{Report: b.Reports[0].Report})); diff != "" {
				t.Fatalf("%s: report (-HL7 +FHIR):\n%s", m.Control, diff)
			}
			results += a.Report.Count
		}
	}
	if results < 1000 {
		t.Errorf("only %d results compared", results)
	}
}

// comparable leaves out of a report what the formats cannot say alike: the
// names of code systems, an order number for each panel, and the status of an
// order beside that of its results.
func comparable(m *intake.Message) record.Report {
	r := m.Report
	r.Titles = nil
	for i := range r.Panels {
		p := &r.Panels[i]
		p.Order, p.Status = "", ""
		p.Code.System, p.Code.Text = "", ""
		for j := range p.Observations {
			o := &p.Observations[j]
			for _, code := range []*record.Code{&o.Code, &o.Local, &o.Value.Code} {
				code.System, code.Text = "", ""
			}
			if len(o.Comments) == 0 {
				o.Comments = nil
			}
		}
	}
	return r
}

func TestAPatientMayHaveNothing(t *testing.T) {
	p := People()[0]
	m := parseFHIR(t, Admission(p, now))
	if diff := cmp.Diff(p.Identity, m.Identity); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	if len(m.Reports) != 0 || len(m.Missing()) != 0 {
		t.Errorf("got %d reports, missing %v", len(m.Reports), m.Missing())
	}
}

// TestACorrectionReplaces: what is sent again names the same resources.
func TestACorrectionReplaces(t *testing.T) {
	seen := make(map[string]int)
	for m := range Messages(People()[0], 5, now) {
		raw := string(m.FHIR())
		_, report, _ := strings.Cut(raw, `"url":"DiagnosticReport/`)
		id, _, _ := strings.Cut(report, `"`)
		seen[id]++
	}
	twice := 0
	for _, n := range seen {
		if n == 2 {
			twice++
		}
	}
	if twice != 2 {
		t.Errorf("%d reports are sent twice, want 2: a corrected one and one that was provisional", twice)
	}
}

func TestFHIRIsOneLineOfJSON(t *testing.T) {
	for m := range Messages(People()[2], 5, now) {
		if raw := m.FHIR(); bytes.Count(raw, []byte("\n")) != 1 || bytes.Contains(raw, []byte(`\u003c`)) {
			t.Error("not one line, or escaped as if for HTML")
		}
	}
}
