package fhir

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// reasonFor parses what must be refused, and returns why.
func reasonFor(t *testing.T, name, text string) (Reason, string) {
	t.Helper()
	_, err := Parse([]byte(text), kindOf([]byte(text)), "", testOptions)
	if err == nil {
		t.Errorf("%s: accepted", name)
		return "", ""
	}
	p := refused(t, err)[0]
	return p.Reason, strings.Join(p.Expression, ",")
}

// TestCostIsBounded: no message costs much more than to send it.
func TestCostIsBounded(t *testing.T) {
	chain := []string{testPatient}
	for i := range 2000 {
		chain = append(chain, testObservation(fmt.Sprint("o", i), `"code":{"text":"`+strings.Repeat("x", 900)+`"}`, references("hasMember", fmt.Sprint("o", i+1))))
	}
	chain = append(chain, testObservation("o2000", `"valueInteger":1`))
	bad := strings.Repeat(`{"a":1},`, 70)
	same := []string{testPatient}
	for i := range 1000 {
		same = append(same, testObservation("o", `"valueInteger":1`, `"hasMember":[{"reference":"Observation/o"},{"reference":"Observation/x"},{"reference":"Observation/o"}]`))
		same[i+1] = swap(same[i+1], `"hasMember"`, fmt.Sprintf(`"issued":"2026-11-17T10:00:00.%04dZ","hasMember"`, i))
	}
	addressed := transaction(same...)
	for i := range 1000 {
		addressed = swap(addressed, `"http://labo.test/Observation/o"`, fmt.Sprintf(`"http://labo.test/%d/Observation/o"`, i))
	}
	large := `{"resourceType":"Organization","id":"g","name":"Labo","alias":["` + strings.Repeat("x", 1<<20) + `"]}`
	readAgain := []string{testPatient, large}
	for i := range 2000 {
		readAgain = append(readAgain, testObservation(fmt.Sprint("o", i), `"valueInteger":1`, `"performer":[{"reference":"Organization/g"}]`))
	}
	for _, c := range []struct {
		name, text string
		reason     Reason
	}{
		{"a long chain of groups", transaction(chain...), ReasonTooDeep},
		{"a long list", testObservation("o", `"note":[`+strings.Repeat(`{},`, maxElements)+`{}]`), ReasonTooManyItems},
		{"lists in a list", testObservation("o", `"component":[`+strings.Repeat(`{"interpretation":[`+bad+`{}]},`, maxElements-1)+`{}]`), ReasonRequired},
		{"many values", testObservation("o", `"component":[`+strings.Repeat(`{"interpretation":[`+strings.Repeat(bad, 4)+`{}]},`, maxElements-1)+`{}]`), ReasonTooManyItems},
		{"many entries", `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Repeat(`{},`, maxEntries) + `{}]}`, ReasonTooManyItems},
		{"one name many times", addressed, ReasonReference},
		{"one large resource many times", transaction(readAgain...), ReasonTooManyItems},
		{"a title", transaction(testPatient, testReport(`"code":{"text":"`+strings.Repeat("x", maxTitle+1)+`"}`)), ReasonTooManyItems},
		{"a specimen", transaction(testPatient, `{"resourceType":"Specimen","id":"s","type":{"text":"`+strings.Repeat("x", maxTitle+1)+`"}}`, testObservation("o", `"valueInteger":1`, `"specimen":{"reference":"Specimen/s"}`)), ReasonTooManyItems},
	} {
		began := time.Now()
		if got, place := reasonFor(t, c.name, c.text); got != c.reason {
			t.Errorf("%s: got %s at %s, want %s", c.name, got, place, c.reason)
		}
		took := time.Since(began)
		t.Logf("%s: %d bytes, %s", c.name, len(c.text), took)
		if took > 10*time.Second && !raced {
			t.Errorf("%s: took %s for %d bytes", c.name, took, len(c.text))
		}
	}
	groups := []string{testPatient}
	for i := range maxGroups {
		groups = append(groups, testObservation(fmt.Sprint("g", i), references("hasMember", fmt.Sprint("g", i+1))))
	}
	if r := only(t, parse(t, transaction(append(groups, testObservation(fmt.Sprint("g", maxGroups), `"valueInteger":1`))...))); r.Count != 1 {
		t.Errorf("as deep as may be: got %d results", r.Count)
	}
}

// TestContextOfOthersIsRefused: nobody else's specimen, order or picture is
// shown as the patient's.
func TestContextOfOthersIsRefused(t *testing.T) {
	const somebody = `"subject":{"reference":"Patient/other"}`
	result := testObservation("o", `"valueString":"1"`)
	subject := func(text string) string { return swap(result, `{"reference":"Patient/p"}`, text) }
	for _, c := range []struct {
		name, text string
		reason     Reason
	}{
		{"specimen", transaction(testPatient, result, `{"resourceType":"Specimen","id":"s",`+somebody+`}`), ReasonReference},
		{"specimen of a thing", transaction(testPatient, result, `{"resourceType":"Device","id":"v"}`, `{"resourceType":"Specimen","id":"s","subject":{"reference":"Device/v"}}`), ReasonSubject},
		{"picture", transaction(testPatient, result, `{"resourceType":"Media","id":"s","status":"completed","content":{"data":"AAAA"},`+somebody+`}`), ReasonReference},
		{"order", transaction(testPatient, result, swap(testOrder, "Patient/p", "Patient/other")), ReasonReference},
		{"order by number", transaction(testPatient, result, swap(testOrder, `{"reference":"Patient/p"}`, `{"identifier":{"system":"urn:guichet:HOP","value":"9"}}`)), ReasonSubject},
		{"another Composition", swap(testDocument, `{"fullUrl":"http://labo.test/Organization/g"`, `{"resource":{"resourceType":"Composition","id":"x","status":"final","type":{"text":"CR"},`+somebody+`,"date":"2026","author":[{"display":"L"}],"title":"T"}},{"fullUrl":"http://labo.test/Organization/g"`), ReasonReference},
		{"contained", transaction(testPatient, swap(testObservation("o", `"valueString":"1"`, `"specimen":{"reference":"#s"}`), `"id":"o"`, `"id":"o","contained":[{"resourceType":"Specimen","id":"s",`+somebody+`}]`)), ReasonReference},
		{"number of another", transaction(testPatient, subject(`{"reference":"Patient/p","identifier":{"system":"urn:guichet:HOP","value":"9"}}`)), ReasonSubject},
		{"another type", transaction(testPatient, subject(`{"reference":"Patient/p","type":"Group"}`)), ReasonSubject},
	} {
		if got, place := reasonFor(t, c.name, c.text); got != c.reason {
			t.Errorf("%s: got %s at %s, want %s", c.name, got, place, c.reason)
		}
	}
	parse(t, transaction(testPatient, subject(`{"reference":"Patient/p","type":"Patient","identifier":{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"261037511211691"}}`), testOrder))
}

// TestContextInErrorIsNotShown: what was entered in error gives no name, number
// or picture.
func TestContextInErrorIsNotShown(t *testing.T) {
	const wrong = `"status":"entered-in-error"`
	r := only(t, parse(t, transaction(testPatient, `{"resourceType":"Specimen","id":"s",`+wrong+`,"type":{"text":"FAUX"}}`, `{"resourceType":"Media","id":"m",`+wrong+`,"content":{"contentType":"text/plain","data":"RkFVWA=="}}`,
		swap(swap(testOrder, `"status":"active"`, wrong), `"intent"`, `"requester":{"display":"FAUX"},"intent"`), testObservation("o", `"valueInteger":1`, `"specimen":{"reference":"Specimen/s","display":"FAUX"}`),
		testReport(`"specimen":[{"reference":"Specimen/s"}]`, `"basedOn":[{"reference":"ServiceRequest/s"}]`, `"media":[{"link":{"reference":"Media/m"}}]`, results("o")))))
	if r.Panels[0].Specimen != "" || len(r.Documents) > 0 || r.Prescriber != "" || r.Number != "" {
		t.Errorf("got %+v", r)
	}
}

// TestContainedIsReadOrRefused: nothing of it is answered as stored and lost.
func TestContainedIsReadOrRefused(t *testing.T) {
	within := func(outer, inner string) string {
		return swap(outer, `"resourceType"`, `"contained":[`+inner+`],"resourceType"`)
	}
	inner := testObservation("i", `"valueString":"1"`)
	for _, c := range []struct {
		name, text string
		reason     Reason
		place      string
	}{
		{"nested", transaction(testPatient, within(testObservation("o", `"valueString":"1"`), within(`{"resourceType":"Practitioner","id":"x"}`, `{"resourceType":"Organization","id":"y","name":"L"}`))), ReasonStructure, "Bundle.entry[1].resource.contained[0].contained"},
		{"a report", transaction(testPatient, within(testObservation("o", `"valueString":"1"`), swap(testReport(), `"id":"d"`, `"id":"x"`))), ReasonContained, "Bundle.entry[1].resource.contained[0]"},
		{"a result elsewhere", transaction(testPatient, within(`{"resourceType":"Organization","id":"y","name":"L"}`, inner)), ReasonContained, "Bundle.entry[1].resource.contained[0]"},
	} {
		if got, place := reasonFor(t, c.name, c.text); got != c.reason || place != c.place {
			t.Errorf("%s: got %s at %s, want %s", c.name, got, place, c.reason)
		}
	}
}

// TestPostedIDNamesNothing: a relative reference does not mean what is known
// by a urn.
func TestPostedIDNamesNothing(t *testing.T) {
	text := swap(posted(testPatient, testObservation("o", `"valueString":"1"`)), "urn:uuid:Patient-p\"}", "Patient/p\"}")
	if got, _ := reasonFor(t, "by its id", text); got != ReasonReference {
		t.Errorf("got %s", got)
	}
}

func TestValuesThatMeanTwoThingsAreRefused(t *testing.T) {
	for _, elements := range []string{
		`"valueString":"1","dataAbsentReason":{"text":"x"}`,
		`"valueRange":{"low":{"value":1,"comparator":"<"}}`,
		`"valueInteger":1,"referenceRange":[{"high":{"value":1,"comparator":">"}}]`,
		`"component":[{"code":{"text":"x"},"valueString":"1","dataAbsentReason":{"text":"x"}}]`,
	} {
		if got, place := reasonFor(t, elements, transaction(testPatient, testObservation("o", elements))); got != ReasonValue && got != ReasonUnknownElement {
			t.Errorf("%s: got %s at %s", elements, got, place)
		}
	}
}

// TestInvisibleCharacters would show a result as another one.
func TestInvisibleCharacters(t *testing.T) {
	for _, c := range []rune{0x200B, 0x200F, 0x202A, 0x202E, 0x2066, 0x2069, 0xFEFF} {
		text := fmt.Sprintf("1%c2", c)
		if got := only(t, parse(t, transaction(testPatient, testObservation("o", `"valueString":"`+text+`"`)))).Panels[0].Observations[0].Value.Text; got != "12" {
			t.Errorf("%U: got %q", c, got)
		}
	}
	if got := line("Hélène – 5 µL ≥ 3"); got != "Hélène – 5 µL ≥ 3" {
		t.Errorf("got %q", got)
	}
}
