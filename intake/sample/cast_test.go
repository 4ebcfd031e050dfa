package sample

import (
	"bytes"
	"strings"
	"testing"

	"guichet/record"
)

// of returns the person of the cast who signs in so.
func of(t *testing.T, login string) Person {
	t.Helper()
	for _, p := range People() {
		if p.Login == login {
			return p
		}
	}
	t.Fatal("nobody signs in as", login)
	return Person{}
}

// TestTheDemoStaysQuick: every message is a deposit before the demo is ready.
func TestTheDemoStaysQuick(t *testing.T) {
	n := 0
	for _, p := range People() {
		n += len(Reports(p, 2026, now))
	}
	if n < 80 || n > 140 {
		t.Errorf("%d messages, want 80 to 140", n)
	}
}

func TestTwoHistoriesGoBackTenYears(t *testing.T) {
	for _, login := range []string{"helene", "karim"} {
		for m := range Messages(of(t, login), 2026, now) {
			if years := now.Sub(m.Sampled).Hours() / 24 / daysOfYear; years < 9.8 || years > 10.1 {
				t.Errorf("%s: the first sample is %.1f years old", login, years)
			}
			break
		}
	}
}

func TestOneReportHasSixtyAnalyses(t *testing.T) {
	messages := Reports(of(t, "jean1"), 2026, now)
	if len(messages) != 1 {
		t.Fatalf("%d messages, want 1", len(messages))
	}
	if r := parse(t, messages[0]).Report; r.Count != 60 {
		t.Errorf("%d results, want 60", r.Count)
	}
}

// TestTheLastReportOfAnAdult is the same check for everybody: twenty results
// in seven panels and a PDF.
func TestTheLastReportOfAnAdult(t *testing.T) {
	adults, alike := 0, 0
	for _, p := range Patients(1, 60) {
		if p.ageAt(now) < 20 {
			continue
		}
		p.Visits = 8
		list := Reports(p, 1, now)
		m := parse(t, list[len(list)-1])
		adults++
		if r := m.Report; r.Count == 20 && len(r.Panels) == 7 && len(r.Documents) == 1 && m.Header.Control == p.Local+"-008" {
			alike++
		}
	}
	if alike < adults*9/10 {
		t.Errorf("%d of %d adults", alike, adults)
	}
}

// TestHistoriesShowWhatPagesMustShow walks the two long histories.
func TestHistoriesShowWhatPagesMustShow(t *testing.T) {
	found := make(map[string]bool)
	for _, login := range []string{"helene", "karim"} {
		for _, raw := range Reports(of(t, login), 2026, now) {
			m := parse(t, raw)
			found["laboratory "+m.Report.Laboratory] = true
			found["report "+string(m.Report.Status)] = true
			for _, p := range m.Report.Panels {
				found["panel "+string(p.Status)] = true
				for _, o := range p.Observations {
					found["result "+string(o.Status)] = true
					note(found, &o)
				}
			}
		}
	}
	for _, want := range []string{
		"laboratory Laboratoire de l’hôpital", "laboratory Laboratoire de biologie de la Gare",
		"report final", "report corrected", "report partial", "panel preliminary", "panel cancelled",
		"result final", "result corrected", "result preliminary", "result registered", "result cancelled",
		"unit of haemoglobin g/L", "unit of haemoglobin g/dL", "method of creatinine Jaffé cinétique", "method of creatinine Enzymatique",
		"two isolates", "antibiogram S", "antibiogram I", "antibiogram R", "remark of lines", "remark of a haemolysed sample",
		"below", "above", "titre", "coded", "words of lines", "no interval", "own code only", "letters of French",
	} {
		if !found[want] {
			t.Errorf("nowhere: %s", want)
		}
	}
}

// note keeps what is worth showing about o.
func note(found map[string]bool, o *record.Observation) {
	switch o.Code.Value {
	case "718-7":
		found["unit of haemoglobin "+o.Unit] = true
	case "14682-9":
		found["method of creatinine "+o.Method] = true
	}
	for what, is := range map[string]bool{
		"two isolates":                  o.SubID == "2" && o.Value.Kind == record.Coded,
		"below":                         strings.HasPrefix(o.Value.Text, "<"),
		"above":                         strings.HasPrefix(o.Value.Text, ">") && o.SubID == "",
		"titre":                         strings.Contains(o.Value.Text, ":") && o.Value.Kind == record.Structured,
		"coded":                         o.Value.Kind == record.Coded,
		"words of lines":                o.Value.Kind == record.Text && strings.Contains(o.Value.Text, "\n"),
		"no interval":                   o.Value.Kind == record.Numeric && o.Reference == "",
		"own code only":                 o.Code.System != record.LOINC,
		"letters of French":             strings.ContainsAny(o.Name, "Œœ") || strings.Contains(o.Name, "É"),
		"remark of lines":               len(o.Comments) > 0 && strings.Contains(o.Comments[0], "\n"),
		"remark of a haemolysed sample": len(o.Comments) > 0 && strings.Contains(o.Comments[0], "hémolysé"),
	} {
		found[what] = found[what] || is
	}
	for _, f := range o.Flags {
		if o.SubID != "" {
			found["antibiogram "+string(f)] = true
		}
	}
}

// TestThePDFHoldsTheResults of the report it comes with.
func TestThePDFHoldsTheResults(t *testing.T) {
	for m := range Messages(of(t, "jean1"), 2026, now) {
		if bytes.Count(m.document, []byte("/Type /Page ")) < 2 {
			t.Error("sixty results on one page")
		}
		for _, o := range m.orders {
			for i := range o.results {
				l := &o.results[i]
				if want := pdfText(l.label + " : " + french(l.printed())); !bytes.Contains(m.document, []byte(want)) {
					t.Errorf("the PDF lacks %s", l.label)
				}
			}
		}
	}
}
