package fhir

import (
	"strings"
	"testing"
	"time"

	"guichet/record"

	"github.com/google/go-cmp/cmp"
)

func TestValues(t *testing.T) {
	for elements, want := range map[string]struct {
		kind       record.ValueKind
		text, unit string
	}{
		`"valueQuantity":{"value":5.30,"unit":"g/L"}`:                                                     {record.Numeric, "5.30", "g/L"},
		`"valueQuantity":{"value":1E3,"code":"10*9/L"}`:                                                   {record.Numeric, "1E3", "10*9/L"},
		`"valueQuantity":{"value":-0.10}`:                                                                 {record.Numeric, "-0.10", ""},
		`"valueQuantity":{"value":0.123456789012345678901234567890}`:                                      {record.Numeric, "0.123456789012345678901234567890", ""},
		`"valueQuantity":{"value":5,"comparator":"<","unit":"mg/L"}`:                                      {record.Structured, "<5", "mg/L"},
		`"valueQuantity":{"value":5,"comparator":">="}`:                                                   {record.Structured, ">=5", ""},
		`"valueQuantity":{"unit":"mg/L"}`:                                                                 {record.NoValue, "", "mg/L"},
		`"valueString":"Une ligne\r\net une autre  "`:                                                     {record.Text, "Une ligne\net une autre", ""},
		`"valueString":"<script>\u0085"`:                                                                  {record.Text, "<script>", ""},
		`"valueBoolean":true`:                                                                             {record.Text, "Oui", ""},
		`"valueBoolean":false`:                                                                            {record.Text, "Non", ""},
		`"valueInteger":-12`:                                                                              {record.Numeric, "-12", ""},
		`"valueRange":{"low":{"value":10.0,"unit":"mg"},"high":{"value":15}}`:                             {record.Structured, "10.0–15", "mg"},
		`"valueRange":{"low":{"value":10}}`:                                                               {record.Structured, "≥ 10", ""},
		`"valueRatio":{"numerator":{"value":1},"denominator":{"value":80}}`:                               {record.Structured, "1:80", ""},
		`"valueRatio":{"numerator":{"value":1,"comparator":"<"},"denominator":{"value":80,"code":"1"}}`:   {record.Structured, "<1:80", ""},
		`"valueRatio":{"numerator":{"value":5,"unit":"mg"},"denominator":{"value":24,"unit":"h"}}`:        {record.Structured, "5 mg / 24 h", ""},
		`"valueTime":"07:42:00"`:                                                                          {record.Text, "07:42:00", ""},
		`"valueDateTime":"2026-11"`:                                                                       {record.Text, "2026-11", ""},
		`"valueDateTime":"2026-11-17T07:42:00.5+01:00"`:                                                   {record.Text, "2026-11-17 07:42:00.5 +01:00", ""},
		`"valueDateTime":"2026-11-17T07:42:00Z"`:                                                          {record.Text, "2026-11-17 07:42:00 UTC", ""},
		`"valuePeriod":{"start":"2026","end":"2027"}`:                                                     {record.Text, "2026 – 2027", ""},
		`"valueSampledData":{"origin":{"value":0,"unit":"mV"},"period":10,"dimensions":1,"data":"1 2 E"}`: {record.Text, "Courbe de 3 points, un toutes les 10 ms (non affichée)", "mV"},
		`"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"260385009","display":"Negative"}]}`:              {record.Coded, "Negative", ""},
		`"valueCodeableConcept":{"coding":[{"code":"N"}],"text":"Négatif"}`:                                                            {record.Coded, "Négatif", ""},
		`"dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"not-performed"}]}`: {record.Text, "Non réalisé", ""},
		`"dataAbsentReason":{"text":"Prélèvement coagulé"}`:                                                                            {record.Text, "Prélèvement coagulé", ""},
		`"note":[{"text":"rien"}]`: {record.NoValue, "", ""},
	} {
		o := only(t, parse(t, transaction(testPatient, testObservation("o", elements)))).Panels[0].Observations[0]
		if o.Value.Kind != want.kind || o.Value.Text != want.text || o.Unit != want.unit {
			t.Errorf("%s: got %+v, unit %q, want %+v", elements, o.Value, o.Unit, want)
		}
	}
}

func TestObservationWhole(t *testing.T) {
	m := parse(t, transaction(testPatient,
		`{"resourceType":"Specimen","id":"s","type":{"text":"Sang"},"receivedTime":"2026-11-17T09:00:00+01:00","collection":{"collectedDateTime":"2026-11-17T07:30:00+01:00","bodySite":{"text":"bras gauche"}}}`,
		`{"resourceType":"Practitioner","id":"dr","name":[{"prefix":["Dr"],"given":["Paule"],"family":"MARTIN"}]}`,
		`{"resourceType":"ServiceRequest","id":"sr","identifier":[{"system":"urn:labo","value":"26-0001"}],"status":"active","intent":"order","subject":{"reference":"Patient/p"},"requester":{"reference":"Practitioner/dr"}}`,
		`{"resourceType":"Organization","id":"labo","name":"Laboratoire du Parc"}`,
		testObservation("o", `"identifier":[{"system":"urn:obs","value":"K-1"}]`, `"basedOn":[{"reference":"ServiceRequest/sr"}]`, `"category":[{"coding":[{"code":"laboratory"}]}]`,
			`"code":{"coding":[{"system":"urn:labo","code":"K"},{"system":"http://loinc.org","code":"2823-3","display":"Potassium"}],"text":"Kaliémie"}`,
			`"effectiveDateTime":"2026-11-17T07:42:00+01:00"`, `"issued":"2026-11-17T11:00:00.123+01:00"`, `"performer":[{"reference":"Organization/labo"}]`, `"valueQuantity":{"value":5.30,"unit":"mmol/L"}`,
			`"interpretation":[{"coding":[{"system":"urn:labo","code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H"}]},{"text":"vérifié"}]`,
			`"note":[{"text":"Contrôlé."}]`, `"bodySite":{"text":"bras"}`, `"method":{"text":"ISE"}`, `"specimen":{"reference":"Specimen/s"}`, `"referenceRange":[{"low":{"value":3.50,"unit":"mmol/L"},"high":{"value":5.10,"unit":"mmol/L"}}]`)))
	at := func(text string) record.Moment {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return record.Moment{At: parsed, Precision: record.ToSecond}
	}
	sampled := at("2026-11-17T07:42:00+01:00")
	want := record.Report{
		Status: record.Final, Title: "Kaliémie", Titles: []string{"Kaliémie"}, Laboratory: "Laboratoire du Parc", Prescriber: "Dr Paule MARTIN", Sampled: sampled,
		Received: at("2026-11-17T09:00:00+01:00"), Issued: at("2026-11-17T11:00:00.123+01:00"), Count: 1, Abnormal: 1,
		Panels: []record.Panel{{Order: "K-1", Code: record.Code{System: record.LOINC, Value: "2823-3", Text: "Potassium"}, Specimen: "Sang (bras gauche)", Status: record.Final, Sampled: sampled,
			Observations: []record.Observation{{Code: record.Code{System: record.LOINC, Value: "2823-3", Text: "Potassium"}, Local: record.Code{System: "urn:labo", Value: "K"}, Name: "Kaliémie",
				Value: record.Value{Kind: record.Numeric, Text: "5.30"}, Unit: "mmol/L", Reference: "3.50–5.10", Flags: []record.Flag{"H", "vérifié"}, Status: record.Final, Method: "ISE", Sampled: sampled,
				Comments: []string{"Contrôlé.", "Site : bras"}}}}},
	}
	if diff := cmp.Diff(want, only(t, m)); diff != "" {
		t.Error(diff)
	}
	if got := m.Reports[0].Orders; len(got) != 1 || got[0] != "Observation?identifier=urn:obs|K-1" {
		t.Errorf("orders %q", got)
	}
}

func TestReferenceRanges(t *testing.T) {
	for ranges, want := range map[string]string{
		`{"low":{"value":67},"high":{"value":580}}`:                     "67–580",
		`{"low":{"value":67,"unit":"g/L"},"high":{"value":580}}`:        "67–580 g/L",
		`{"low":{"value":67.0}}`:                                        "≥ 67.0",
		`{"high":{"value":580}}`:                                        "≤ 580",
		`{"text":"Négatif"}`:                                            "Négatif",
		`{"low":{"value":3.5},"high":{"value":5.1},"text":"3.5 - 5.1"}`: "3.5 - 5.1",
		`{"low":{"value":3.5},"high":{"value":5.1},"text":"à jeun"}`:    "3.5–5.1 (à jeun)",
		`{"low":{"value":1},"high":{"value":2},"type":{"coding":[{"code":"normal","display":"Normal Range"}]}}`:         "1–2",
		`{"low":{"value":1},"high":{"value":2},"type":{"text":"Thérapeutique"}}`:                                        "Thérapeutique : 1–2",
		`{"low":{"value":1},"high":{"value":2},"appliesTo":[{"text":"Femme"}],"age":{"low":{"value":18,"unit":"ans"}}}`: "1–2 [Femme, ≥ 18 ans]",
		`{"low":{"value":1},"high":{"value":2},"text":"10 - 25"}`:                                                       "1–2 (10 - 25)",
		`{"low":{"value":-1},"high":{"value":2.5},"text":"-1 à 2,5"}`:                                                   "-1 à 2,5",
		`{"low":{"value":-1},"high":{"value":2},"text":"1 à 2"}`:                                                        "-1–2 (1 à 2)",
		`{"low":{"value":1,"unit":"mg/L"},"high":{"value":2,"unit":"g/L"}}`:                                             "1 mg/L – 2 g/L",
		`{"low":{"value":1,"unit":"mmol/L"},"high":{"value":2}}`:                                                        "1–2",
		`{"text":"A"},{"text":"B"}`: "A\nB",
	} {
		o := only(t, parse(t, transaction(testPatient, testObservation("o", `"valueQuantity":{"value":5,"unit":"mmol/L"}`, `"referenceRange":[`+ranges+`]`)))).Panels[0].Observations[0]
		if o.Reference != want {
			t.Errorf("%s: got %q, want %q", ranges, o.Reference, want)
		}
	}
}

func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		report, result string
		want           record.Status
		row            record.Status
	}{
		{"registered", "registered", record.Registered, record.Registered},
		{"partial", "preliminary", record.Partial, record.Preliminary},
		{"preliminary", "preliminary", record.Preliminary, record.Preliminary},
		{"final", "final", record.Final, record.Final},
		{"final", "amended", record.Corrected, record.Corrected},
		{"amended", "final", record.Corrected, record.Final},
		{"corrected", "corrected", record.Corrected, record.Corrected},
		{"appended", "final", record.Corrected, record.Final},
		{"cancelled", "final", record.Cancelled, record.Final},
		{"final", "cancelled", record.Cancelled, record.Cancelled},
		{"final", "unknown", record.Final, record.Preliminary},
		{"unknown", "final", record.Final, record.Final},
		{"unknown", "unknown", record.Preliminary, record.Preliminary},
	} {
		r := only(t, parse(t, transaction(testPatient, testObservation("o", `"status":"`+c.result+`"`, `"valueString":"1"`), testReport(`"status":"`+c.report+`"`, results("o")))))
		if row := r.Panels[0].Observations[0]; r.Status != c.want || row.Status != c.row || row.Value.Text != "1" {
			t.Errorf("%s of %s: got %s, %+v", c.report, c.result, r.Status, row)
		}
	}
}

// TestWithdrawnIsNotShown: what was entered in error keeps its place, so that
// it replaces what was shown, and nothing else.
func TestWithdrawnIsNotShown(t *testing.T) {
	const wrong = `"valueQuantity":{"value":9.9,"unit":"g/L"},"note":[{"text":"9.9"}],"interpretation":[{"text":"H"}],"referenceRange":[{"text":"9.9"}]`
	result := only(t, parse(t, transaction(testPatient, testObservation("a", `"status":"entered-in-error"`, wrong), testObservation("b", `"valueString":"1"`), testReport(results("a", "b")))))
	whole := only(t, parse(t, transaction(testPatient, testObservation("a", wrong), testReport(`"status":"entered-in-error"`, results("a"), `"conclusion":"9.9"`, `"presentedForm":[{"contentType":"text/plain","data":"OS45"}]`))))
	for _, r := range []record.Report{result, whole} {
		row := r.Panels[0].Observations[0]
		if row.Status != record.Cancelled || row.Value.Kind != record.NoValue || row.Unit+row.Reference != "" || len(row.Flags)+len(row.Comments)+len(r.Documents)+len(r.Comments) > 0 || row.Name != "a" {
			t.Errorf("got %+v of %+v", row, r)
		}
	}
	if result.Status != record.Final || whole.Status != record.Cancelled || result.Count != 2 {
		t.Errorf("got %s, %s", result.Status, whole.Status)
	}
}

func TestGroupsAndSpecimens(t *testing.T) {
	leaf := func(id string, elements ...string) string {
		return testObservation(id, append(elements, `"valueInteger":1`)...)
	}
	specimen := func(id string) string {
		return `{"resourceType":"Specimen","id":"` + id + `","type":{"text":"` + id + `"}}`
	}
	for _, c := range []struct {
		name, text, want string
	}{
		{"in the order of the report", transaction(testPatient, leaf("b"), leaf("a"), testReport(results("a", "b"))),
			"Bilan||final\n   a=1 ||[]|final\n   b=1 ||[]|final\n"},
		{"groups between", transaction(testPatient, leaf("a"), leaf("b"), leaf("c"), testObservation("g", references("hasMember", "b")), testReport(results("a", "g", "c"))),
			"Bilan||final\n   a=1 ||[]|final\ng||final\n   b=1 ||[]|final\nBilan||final\n   c=1 ||[]|final\n"},
		{"groups in groups", transaction(testPatient, leaf("a"), leaf("b"), testObservation("i", references("hasMember", "b")), testObservation("g", references("hasMember", "a", "i")), testReport(results("g"))),
			"g||final\n   a=1 ||[]|final\ng – i||final\n   b=1 ||[]|final\n"},
		{"a group that says nothing", transaction(testPatient, leaf("a"), testObservation("i", references("hasMember", "a")), testObservation("g", `"code":{"text":"?"}`, references("hasMember", "i")), testReport(results("g"))),
			"i||final\n   a=1 ||[]|final\n"},
		{"a circle", transaction(testPatient, testObservation("a", `"valueInteger":1`, references("hasMember", "b")), testObservation("b", `"valueInteger":2`, references("hasMember", "a")), testReport(results("a"))),
			"a||final\n  1 a=1 ||[]|final\na – b||final\n  1 b=2 ||[]|final\n"},
		{"a circle that nobody names", transaction(testPatient, testObservation("a", `"valueInteger":1`, references("hasMember", "b")), testObservation("b", `"valueInteger":2`, references("hasMember", "a"))),
			"a||final\n  1 a=1 ||[]|final\na – b||final\n  1 b=2 ||[]|final\n"},
		{"named twice", transaction(testPatient, leaf("a"), testObservation("g", references("hasMember", "a")), testReport(results("a", "g"))),
			"Bilan||final\n   a=1 ||[]|final\n"},
		{"components", transaction(testPatient, testObservation("PA", `"component":[{"code":{"text":"Systolique"},"valueQuantity":{"value":120,"unit":"mmHg"},"interpretation":[{"text":"N"}]},{"code":{"text":"Diastolique"},"dataAbsentReason":{"text":"?"}}]`)),
			"PA||final\n   Systolique=120 mmHg||[N]|final\n   Diastolique=? ||[]|final\n"},
		{"a value and components", transaction(testPatient, testObservation("Score", `"valueInteger":9`, `"component":[{"code":{"text":"Cœur"},"valueInteger":2}]`), testReport(results("Score"))),
			"Score||final\n   Score=9 ||[]|final\n   Cœur=2 ||[]|final\n"},
		{"specimens", transaction(testPatient, specimen("Sang"), specimen("Urine"), leaf("a", `"specimen":{"reference":"Specimen/Sang"}`), leaf("b", `"specimen":{"reference":"Specimen/Sang"}`), leaf("c", `"specimen":{"reference":"Specimen/Urine"}`), testReport(results("a", "b", "c"))),
			"Bilan|Sang|final\n   a=1 ||[]|final\n   b=1 ||[]|final\nBilan|Urine|final\n   c=1 ||[]|final\n"},
		{"the report's specimens", transaction(testPatient, specimen("Sang"), specimen("Urine"), leaf("a"), testReport(`"specimen":[{"reference":"Specimen/Sang"},{"reference":"Specimen/Urine"},{"reference":"Specimen/Sang"}]`, results("a"))),
			"Bilan|Sang, Urine|final\n   a=1 ||[]|final\n"},
		{"no result yet", transaction(testPatient, testReport(`"status":"registered"`)), "Bilan||registered\n"},
	} {
		if got := outline(only(t, parse(t, c.text))); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// TestMicrobiology: an isolate and its antibiogram stay tied, whether by
// membership or by derivation.
func TestMicrobiology(t *testing.T) {
	isolate := func(id, germ string, members ...string) string {
		elements := []string{`"code":{"text":"Germe"}`, `"valueCodeableConcept":{"text":"` + germ + `"}`}
		if len(members) > 0 {
			elements = append(elements, references("hasMember", members...))
		}
		return testObservation(id, elements...)
	}
	drug := func(id, name, flag string, elements ...string) string {
		return testObservation(id, append(elements, `"code":{"text":"`+name+`"}`, `"interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"`+flag+`"}]}]`)...)
	}
	byMembers := only(t, parse(t, transaction(testPatient, testObservation("culture", `"code":{"text":"ECBU"}`, references("hasMember", "i1", "i2")), isolate("i1", "E. coli", "a1"), isolate("i2", "Proteus", "a2"),
		drug("a1", "Amoxicilline", "R"), drug("a2", "Amoxicilline", "S"), testReport(results("culture")))))
	const want = "ECBU – Germe||final\n  1 Germe=E. coli ||[]|final\n  1 Amoxicilline= ||[R]|final\nECBU – Germe||final\n  2 Germe=Proteus ||[]|final\n  2 Amoxicilline= ||[S]|final\n"
	if got := outline(byMembers); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if byMembers.Abnormal != 0 {
		t.Error("the letters of an antibiogram are no anomaly of the patient's")
	}
	derived := only(t, parse(t, transaction(testPatient, isolate("i1", "E. coli"), isolate("i2", "Proteus"), drug("a1", "Amoxicilline", "R", references("derivedFrom", "i1")), drug("a2", "Amoxicilline", "S", references("derivedFrom", "i2")),
		testObservation("sum", `"valueInteger":2`, references("derivedFrom", "i1", "i2")), testReport(results("i1", "a1", "i2", "a2", "sum")))))
	const tied = "Bilan||final\n  1 Germe=E. coli ||[]|final\n  1 Amoxicilline= ||[R]|final\n  2 Germe=Proteus ||[]|final\n  2 Amoxicilline= ||[S]|final\n   sum=2 ||[]|final\n"
	if got := outline(derived); got != tied {
		t.Errorf("got\n%swant\n%s", got, tied)
	}
}

// TestUnnamedResults: results that no report names are in reports of their
// own, by time and category, each with its own order.
func TestUnnamedResults(t *testing.T) {
	at := func(id, day, category string) string {
		return testObservation(id, `"valueInteger":1`, `"effectiveDateTime":"`+day+`T08:00:00Z"`, `"category":[{"coding":[{"code":"`+category+`"}]}]`)
	}
	m := parse(t, transaction(testPatient, at("a", "2026-11-17", "vital-signs"), at("b", "2026-11-17", "laboratory"), at("c", "2026-11-17", "vital-signs"), at("d", "2026-11-18", "vital-signs"), testReport()))
	var got []string
	for _, r := range m.Reports {
		got = append(got, r.Report.Title+": "+strings.Join(r.Orders, " "))
	}
	want := []string{"Bilan: DiagnosticReport/d", "Mesures et signes vitaux: Observation/a Observation/c", "b: Observation/b", "d: Observation/d"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDocumentsAndConclusions(t *testing.T) {
	m := parse(t, transaction(testPatient, `{"resourceType":"Binary","id":"b","contentType":"application/pdf","data":"JVBERi0xLjQK"}`,
		`{"resourceType":"Media","id":"m","status":"completed","content":{"contentType":"image/jpeg","data":"/9j/4AAQ"}}`,
		testReport(`"conclusion":"Sans particularité.\r\nÀ revoir."`, `"conclusionCode":[{"text":"Normal"}]`, `"media":[{"comment":"Lame","link":{"reference":"Media/m"}}]`,
			`"presentedForm":[{"contentType":"text/plain; charset=utf-8","title":"En clair","data":"Qm9u\nam91cg=="},{"contentType":"text/plain","data":"JVBERi0xLjQK"},{"url":"Binary/b"},{"url":"http://intranet/x.pdf"}]`)))
	r := only(t, m)
	var got []string
	for _, d := range r.Documents {
		got = append(got, d.Title+" "+d.MediaType+" "+strings.ToValidUTF8(string(d.Bytes), ""))
	}
	want := []string{"En clair text/plain Bonjour", "Bilan application/pdf %PDF-1.4\n", "Bilan application/pdf %PDF-1.4\n", "Lame image/jpeg \x00\x10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Sans particularité.\nÀ revoir.", "Normal", notTransmitted}, r.Comments); diff != "" {
		t.Error(diff)
	}
}

func TestPeopleAndTimesOfAReport(t *testing.T) {
	role := `{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/b"},"organization":{"reference":"Organization/o"}}`
	m := parse(t, transaction(testPatient, role, `{"resourceType":"Practitioner","id":"b","name":[{"use":"old","family":"X"},{"text":"Dr Biologiste"}]}`, `{"resourceType":"Organization","id":"o","name":"Labo"}`,
		testReport(`"effectivePeriod":{"start":"2026-11","end":"2026-12"}`, `"issued":"2026-11-18T10:00:00Z"`, `"performer":[{"reference":"PractitionerRole/r"}]`, `"resultsInterpreter":[{"display":"Dr Interprète"}]`)))
	r := only(t, m)
	if r.Laboratory != "Labo" || r.Validator != "Dr Interprète" || r.Sampled.Precision != record.ToMonth || r.Sampled.At.Month() != time.November || r.Issued.At.Hour() != 10 {
		t.Errorf("got %+v", r)
	}
	r = only(t, parse(t, transaction(testPatient, role, `{"resourceType":"Practitioner","id":"b","name":[{"text":"Dr Biologiste"}]}`, testReport(`"performer":[{"reference":"PractitionerRole/r"}]`))))
	if r.Validator != "Dr Biologiste" || !r.Sampled.IsZero() {
		t.Errorf("got %+v", r)
	}
	if r := only(t, parse(t, testDocument)); r.Laboratory != "Labo du Parc" || r.Issued.At.Day() != 17 {
		t.Errorf("got %+v", r)
	}
}
