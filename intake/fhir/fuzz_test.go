package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"guichet/record"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"resourceType":"Patient"}`, testPatient, testMessage, testDocument,
		transaction(testPatient, testObservation("o", `"valueQuantity":{"value":5.30,"unit":"g/L"}`, `"interpretation":[{"text":"H"}]`, `"note":[{"text":"c"}]`, `"referenceRange":[{"low":{"value":1}}]`), testReport(results("o"), `"presentedForm":[{"data":"JVBERi0="}]`)),
		transaction(testPatient, testObservation("g", references("hasMember", "a")), testObservation("a", `"component":[{"code":{"text":"x"},"valueRatio":{"numerator":{"value":1},"denominator":{"value":80}}}]`, references("derivedFrom", "g"))),
		swap(swap(testObservation("o", `"valueString":"1"`), "Patient/p", "#p"), `"id":"o"`, `"id":"o","contained":[`+testPatient+`]`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		kind := kindOf(raw)
		m, err := Parse(raw, kind, "", testOptions)
		again, errAgain := Parse(bytes.Clone(raw), kind, "", testOptions)
		if !reflect.DeepEqual(m, again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatal("read twice, understood differently")
		}
		if err != nil {
			checkRefusal(t, refused(t, err))
			return
		}
		if !json.Valid(bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))) {
			t.Fatal("accepted what is no JSON")
		}
		checkOurs(t, answerKind(m), m.Answer("https://localhost/fhir").Body)
		for _, r := range m.Reports {
			checkReport(t, &r)
		}
	})
}

func answerKind(m *Message) string {
	if m.BundleType == "transaction" || m.BundleType == "batch" || m.BundleType == "message" && m.header != "" {
		return "Bundle"
	}
	return "OperationOutcome"
}

func checkRefusal(t *testing.T, problems Problems) {
	t.Helper()
	for _, p := range problems {
		if p.Reason == ReasonInternal || p.Status < 400 || len(p.Expression) == 1 && strings.ContainsAny(p.Expression[0], " \"\n") {
			t.Fatalf("problem %+v", p)
		}
	}
	if reason := checkJSON(OperationOutcome(problems...)); reason != "" {
		t.Fatal("the outcome is no JSON")
	}
}

func checkReport(t *testing.T, r *Ordered) {
	t.Helper()
	count := 0
	for _, panel := range r.Report.Panels {
		count += len(panel.Observations)
		checkText(t, panel.Title, panel.Order, panel.Specimen)
		for _, o := range panel.Observations {
			checkText(t, o.Name, o.Unit, o.Reference, o.Value.Text, o.Value.Code.Value, o.Method, o.SubID)
			if o.Value.Kind == record.NoValue && o.Value.Text != "" || o.Status == "" {
				t.Fatalf("result %+v", o)
			}
		}
	}
	if count != r.Report.Count || r.Report.Abnormal > count || r.Report.Status == "" || len(r.Orders) != len(r.Report.Panels) || len(r.Orders) == 0 {
		t.Fatalf("report %+v", r)
	}
}

func checkText(t *testing.T, list ...string) {
	t.Helper()
	for _, text := range list {
		if !utf8.ValidString(text) || lines(text) != text {
			t.Fatalf("unclean text %q", text)
		}
	}
}

// FuzzJSON compares the strict scanner with the standard library: it accepts
// nothing that the library refuses.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"a":[1,-0.5e3,"\u00e9\n",true,null]}`, `{"a":1,"a":2}`, `"\ud83d\ude00"`, "[[[["} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if reason := checkJSON(text); reason == "" && !json.Valid(text) {
			t.Fatalf("accepted %q", text)
		} else if reason == ReasonNotJSON && json.Valid(text) {
			t.Fatalf("refused %q", text)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	list := []string{testPatient}
	var ids []string
	for i := range 200 {
		id := fmt.Sprint("o", i)
		ids = append(ids, id)
		list = append(list, testObservation(id, `"valueQuantity":{"value":5.30,"unit":"mmol/L"}`, `"note":[{"text":"Contrôlé."}]`, `"referenceRange":[{"low":{"value":3.5},"high":{"value":5.1}}]`))
	}
	raw := []byte(transaction(append(list, testReport(results(ids...)))...))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, "", "", testOptions); err != nil {
			b.Fatal(err)
		}
	}
}
