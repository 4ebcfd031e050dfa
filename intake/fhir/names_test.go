package fhir

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testOrder = `{"resourceType":"ServiceRequest","id":"s","identifier":[{"system":"urn:sr","value":"7"}],"status":"active","intent":"order","subject":{"reference":"Patient/p"}}`

// posted makes a transaction of resources that are posted under a name of no
// meaning beyond it.
func posted(resources ...string) string {
	text := transaction(resources...)
	for _, kind := range []string{"Patient", "ServiceRequest", "DiagnosticReport", "Observation"} {
		for _, id := range []string{"p", "s", "d", "e", "o", "a"} {
			text = strings.ReplaceAll(text, `"PUT","url":"`+kind+"/"+id+`"`, `"POST","url":"`+kind+`"`)
			text = strings.ReplaceAll(text, "http://labo.test/"+kind+"/"+id+`"`, "urn:uuid:"+kind+"-"+id+`"`)
			text = strings.ReplaceAll(text, `"reference":"`+kind+"/"+id+`"`, `"reference":"urn:uuid:`+kind+"-"+id+`"`)
		}
	}
	return text
}

func ordersOf(m *Message) []string {
	var list []string
	for _, r := range m.Reports {
		list = append(list, r.Orders...)
	}
	return list
}

// TestOrders: what recognises a report when it comes again.
func TestOrders(t *testing.T) {
	second := func(text string) string { return swap(text, `"id":"d"`, `"id":"e"`) }
	based := testReport(`"basedOn":[{"reference":"ServiceRequest/s"}]`)
	numbered := testReport(`"identifier":[{"use":"old","system":"urn:dr","value":"0"},{"system":"urn:dr","value":"1"}]`, `"basedOn":[{"reference":"ServiceRequest/s"}]`)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"its number", transaction(testPatient, testOrder, numbered), []string{"DiagnosticReport?identifier=urn:dr|1"}},
		{"its number, posted", posted(testPatient, testOrder, numbered), []string{"DiagnosticReport?identifier=urn:dr|1"}},
		{"where it is put", transaction(testPatient, testOrder, based), []string{"DiagnosticReport/d"}},
		{"its order's, and what it is", posted(testPatient, testOrder, based), []string{"DiagnosticReport?based-on=urn:sr|7&code=|Bilan"}},
		{"one order, another analysis", posted(testPatient, testOrder, swap(based, "Bilan", "NFS")), []string{"DiagnosticReport?based-on=urn:sr|7&code=|NFS"}},
		{"its address", swap(swap(transaction(testPatient, testReport()), `"id":"d",`, ""), `"PUT","url":"DiagnosticReport/d"`, `"POST","url":"DiagnosticReport"`), []string{"http://labo.test/DiagnosticReport/d"}},
		{"one number, two reports", transaction(testPatient, testOrder, numbered, second(numbered)), []string{"DiagnosticReport?identifier=urn:dr|1", "DiagnosticReport/e"}},
	} {
		if diff := cmp.Diff(c.want, ordersOf(parse(t, c.text))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	single := swap(swap(testObservation("o", `"valueString":"1"`), "Patient/p", "#p"), `"id":"o"`, `"id":"o","contained":[`+testPatient+`]`)
	put, err := Parse([]byte(single), "Observation", "o", testOptions)
	if err != nil || ordersOf(put)[0] != "Observation/o" {
		t.Errorf("put alone: got %q, %v", ordersOf(put), err)
	}
}

// TestWhatHasNoNameIsNew: an id that is posted, a urn:uuid and an order that
// several reports answer make no report replace another.
func TestWhatHasNoNameIsNew(t *testing.T) {
	based := testReport(`"basedOn":[{"reference":"ServiceRequest/s"}]`)
	for name, pair := range map[string][2]string{
		"posted under the same id":  {posted(testPatient, testReport(`"conclusion":"1"`)), posted(testPatient, testReport(`"conclusion":"2"`))},
		"results of the same id":    {posted(testPatient, testObservation("o", `"valueInteger":1`)), posted(testPatient, testObservation("o", `"valueInteger":2`))},
		"two analyses of one order": {posted(testPatient, testOrder, based), posted(testPatient, testOrder, swap(based, "Bilan", "NFS"))},
		"two in one message":        {posted(testPatient, testReport(), swap(testReport(), `"id":"d"`, `"id":"e"`)), ""},
		"documents":                 {testDocument, swap(testDocument, `"valueString":"1"`, `"valueString":"2"`)},
	} {
		if name == "documents" {
			pair[0], pair[1] = urn(pair[0]), urn(pair[1])
		}
		seen := make(map[string]bool)
		for _, text := range pair {
			if text == "" {
				continue
			}
			for _, r := range parse(t, text).Reports {
				for _, order := range slices.Concat(r.Orders, r.Also, r.Holds) {
					if seen[order] {
						t.Errorf("%s: %s is the name of two", name, order)
					}
					seen[order] = true
				}
			}
		}
	}
	text := posted(testPatient, testReport())
	if diff := cmp.Diff(ordersOf(parse(t, text)), ordersOf(parse(t, text))); diff != "" {
		t.Errorf("a resend has other names: %s", diff)
	}
}

// urn gives the Observation of a document a name of its Bundle only.
func urn(text string) string { return swap(text, "http://labo.test/Observation/o", "urn:uuid:o") }

// TestOtherNames: by each of them the same report is found, and by those of
// its results what one of them alone would leave as it was.
func TestOtherNames(t *testing.T) {
	numbers := `"identifier":[{"system":"urn:dr","value":"1"},{"system":"urn:dr","value":"2"}]`
	m := parse(t, transaction(testPatient, testObservation("g", references("hasMember", "a")), testObservation("a", `"identifier":[{"system":"urn:obs","value":"K"}]`, `"valueInteger":1`), testReport(numbers, results("g"))))
	want := []string{"DiagnosticReport?identifier=urn:dr|2", "DiagnosticReport/d", "http://labo.test/DiagnosticReport/d"}
	held := []string{"Observation/g", "http://labo.test/Observation/g",
		"Observation?identifier=urn:obs|K", "Observation/a", "http://labo.test/Observation/a"}
	if diff := cmp.Diff(held, m.Reports[0].Holds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, m.Reports[0].Also); diff != "" || m.Reports[0].Withdraws || !m.Reports[0].Whole {
		t.Errorf("%s, %+v", diff, m.Reports[0])
	}
	two := parse(t, transaction(testPatient, testObservation("a", `"valueInteger":1`), testReport(results("a")), swap(testReport(results("a")), `"id":"d"`, `"id":"e"`)))
	for _, name := range two.Reports[1].Holds {
		if strings.HasPrefix(name, "Observation/") {
			t.Errorf("a result of two reports makes them one: %s", name)
		}
	}
}

// TestWithdrawalFindsWhatItTakesBack: it is a report of its own, so that it
// cannot pass for a change of its neighbours.
func TestWithdrawalFindsWhatItTakesBack(t *testing.T) {
	report := parse(t, transaction(testPatient, testObservation("a", `"valueInteger":1`), testReport(`"status":"entered-in-error"`, results("a"))))
	if len(report.Reports) != 1 || !report.Reports[0].Withdraws {
		t.Errorf("got %+v", report.Reports)
	}
	m := parse(t, transaction(testPatient, testObservation("a", `"valueInteger":1`), testObservation("b", `"status":"entered-in-error"`), testObservation("c", `"status":"entered-in-error"`), testObservation("d", `"status":"corrected"`, `"valueInteger":1`), testObservation("e", `"valueInteger":1`)))
	want := map[string]bool{"Observation/a Observation/e": false, "Observation/b": true, "Observation/c": true, "Observation/d": false}
	got := make(map[string]bool)
	for _, r := range m.Reports {
		got[strings.Join(r.Orders, " ")] = r.Withdraws
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
