package fhir

import (
	"strconv"
	"strings"
	"testing"
)

const (
	testMessage = `{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0","resource":{"resourceType":"MessageHeader","id":"h","eventUri":"http://labo.test/result","source":{"endpoint":"http://labo.test"}}},` +
		`{"fullUrl":"http://labo.test/Patient/p","resource":` + testPatient + `},{"fullUrl":"http://labo.test/Observation/o","resource":{"resourceType":"Observation","id":"o","status":"final","code":{"text":"K"},"subject":{"reference":"Patient/p"},"valueString":"1"}}]}`
	testDocument = `{"resourceType":"Bundle","type":"document","identifier":{"system":"urn:s","value":"doc-1"},"timestamp":"2026-11-17T10:00:00Z","entry":[{"fullUrl":"http://labo.test/Composition/c","resource":{"resourceType":"Composition","id":"c","status":"final","type":{"text":"CR"},"subject":{"reference":"Patient/p"},` +
		`"date":"2026-11-17","author":[{"display":"Labo"}],"title":"Compte rendu","custodian":{"reference":"Organization/g"}}},{"fullUrl":"http://labo.test/Organization/g","resource":{"resourceType":"Organization","id":"g","name":"Labo du Parc"}},` +
		`{"fullUrl":"http://labo.test/Patient/p","resource":` + testPatient + `},{"fullUrl":"http://labo.test/Observation/o","resource":{"resourceType":"Observation","id":"o","status":"final","code":{"text":"K"},"subject":{"reference":"Patient/p"},"valueString":"1"}}]}`
)

// swap returns text with one thing replaced, which must be there.
func swap(text, before, after string) string {
	if !strings.Contains(text, before) {
		panic("not in the text: " + before)
	}
	return strings.Replace(text, before, after, 1)
}

func TestRefused(t *testing.T) {
	good := transaction(testPatient, testObservation("o", `"valueString":"CANARI"`), testReport(results("o")))
	second := swap(swap(testPatient, `"id":"p"`, `"id":"q"`), "261037511211691", "261037511211790")
	contained := func(patient, subject string) string {
		return swap(swap(testObservation("o", `"valueString":"1"`), `"subject":{"reference":"Patient/p"}`, `"subject":`+subject), `"id":"o"`, `"id":"o","contained":[`+patient+`]`)
	}
	for _, c := range []struct {
		name, text, kind, id string
		reason               Reason
		place                string
	}{
		{"no JSON", "CANARI", "", "", ReasonNotJSON, ""},
		{"no object", `["CANARI"]`, "", "", ReasonResourceType, ""},
		{"no type", `{"id":"CANARI"}`, "", "", ReasonResourceType, ""},
		{"a type that is none", `{"resourceType":"CANARI"}`, "", "", ReasonResourceType, ""},
		{"a resource at the base", testPatient, "", "", ReasonResourceType, ""},
		{"a resource at another's address", testPatient, "Observation", "", ReasonResourceType, ""},
		{"another id than the address", testPatient, "Patient", "q", ReasonID, "Patient.id"},
		{"a type that is not ours", `{"resourceType":"Practitioner","id":"x"}`, "Practitioner", "", ReasonNothing, "Practitioner"},
		{"a collection", swap(good, "transaction", "collection"), "", "", ReasonBundleType, "Bundle.type"},
		{"a searchset", swap(good, "transaction", "searchset"), "", "", ReasonBundleType, "Bundle.type"},
		{"no Bundle type", swap(good, `"type":"transaction",`, ""), "", "", ReasonRequired, "Bundle.type"},
		{"no Bundle type there is", swap(good, "transaction", "CANARI"), "", "", ReasonCode, "Bundle.type"},
		{"an empty Bundle", `{"resourceType":"Bundle","type":"transaction"}`, "", "", ReasonNothing, "Bundle"},
		{"nothing of ours", transaction(`{"resourceType":"Organization","id":"g","name":"CANARI"}`), "", "", ReasonNothing, "Bundle"},
		{"a document of nothing but a patient", swap(testDocument, testDocument[strings.LastIndex(testDocument, `,{"fullUrl"`):], "]}"), "", "", ReasonNothing, "Bundle"},
		{"a document without Composition", swap(transaction(testPatient), "transaction", "document"), "", "", ReasonStructure, "Bundle.entry[0]"},
		{"a message without header", swap(transaction(testPatient), "transaction", "message"), "", "", ReasonStructure, "Bundle.entry[0]"},
		{"a withdrawn document", swap(testDocument, `"id":"c","status":"final"`, `"id":"c","status":"entered-in-error"`), "", "", ReasonWithdrawn, "Bundle.entry[0].resource.status"},
		{"a confidential document", swap(testDocument, `"title"`, `"confidentiality":"R","title"`), "", "", ReasonWithheld, "Bundle.entry[0].resource.confidentiality"},
		{"a confidential result", swap(good, `"valueString"`, `"meta":{"security":[{"code":"V"}]},"valueString"`), "", "", ReasonWithheld, "Bundle.entry[1].resource.meta.security"},
		{"a subset", swap(good, `"valueString"`, `"meta":{"tag":[{"code":"SUBSETTED"}]},"valueString"`), "", "", ReasonSubsetted, "Bundle.entry[1].resource.meta.tag"},
		{"a Bundle in a Bundle", transaction(testPatient, `{"resourceType":"Bundle","id":"b","type":"collection"}`), "", "", ReasonBundleType, "Bundle.entry[1].resource"},
		{"no request", swap(good, `,"request":{"method":"PUT","url":"Patient/p"}`, ""), "", "", ReasonRequired, "Bundle.entry[0].request"},
		{"no resource", swap(good, `"resource":`+testPatient+",", ""), "", "", ReasonRequired, "Bundle.entry[0].resource"},
		{"a deletion", swap(good, `"PUT"`, `"DELETE"`), "", "", ReasonMethod, "Bundle.entry[0].request.method"},
		{"a read", swap(good, `"PUT"`, `"GET"`), "", "", ReasonMethod, "Bundle.entry[0].request.method"},
		{"a patch", swap(good, `"PUT"`, `"PATCH"`), "", "", ReasonMethod, "Bundle.entry[0].request.method"},
		{"a put without id", swap(good, `"url":"Patient/p"`, `"url":"Patient"`), "", "", ReasonRequestURL, "Bundle.entry[0].request.url"},
		{"a put of another id", swap(good, `"url":"Patient/p"`, `"url":"Patient/q"`), "", "", ReasonID, "Bundle.entry[0].request.url"},
		{"a post to another type", swap(good, `"PUT","url":"Patient/p"`, `"POST","url":"Observation"`), "", "", ReasonRequestURL, "Bundle.entry[0].request.url"},
		{"a conditional update", swap(good, `"url":"Patient/p"`, `"url":"Patient?identifier=CANARI"`), "", "", ReasonConditional, "Bundle.entry[0].request"},
		{"a version wanted", swap(good, `"url":"Patient/p"`, `"url":"Patient/p","ifMatch":"W/\"1\""`), "", "", ReasonConditional, "Bundle.entry[0].request"},
		{"a condition on others", swap(good, `"url":"Patient/p"`, `"url":"Patient/p","ifNoneExist":"identifier=CANARI"`), "", "", ReasonConditional, "Bundle.entry[0].request.ifNoneExist"},
		{"a condition on a result", swap(good, `"url":"Observation/o"`, `"url":"Observation/o","ifNoneExist":"identifier=CANARI"`), "", "", ReasonConditional, "Bundle.entry[1].request.ifNoneExist"},
		{"one fullUrl twice", swap(good, "http://labo.test/Observation/o", "http://labo.test/Patient/p"), "", "", ReasonDuplicateURL, "Bundle.entry[1].fullUrl"},
		{"an unknown element", swap(good, `"valueString":"CANARI"`, `"CANARI":"x"`), "", "", ReasonUnknownElement, "Bundle.entry[1].resource"},
		{"a status that is none", swap(testPatient, `"gender":"female"`, `"gender":"CANARI"`), "Patient", "", ReasonCode, "Patient.gender"},
		{"a date that is none", swap(testPatient, `1961-03-09`, `CANARI`), "Patient", "", ReasonValue, "Patient.birthDate"},
		{"a day that is none", swap(testPatient, `1961-03-09`, `1961-02-30`), "Patient", "", ReasonBirthdate, "Patient.birthDate"},
		{"born tomorrow", swap(testPatient, `1961-03-09`, `2026-11-21`), "Patient", "", ReasonBirthdate, "Patient.birthDate"},
		{"no status", swap(good, `"final"`, `"final","_status":{}`), "", "", ReasonRequired, "Bundle.entry[1].resource._status"},
		{"no status at all", swap(good, `,"status":"final"`, ``), "", "", ReasonRequired, "Bundle.entry[1].resource.status"},
		{"no code", swap(good, `,"code":{"text":"o"}`, ``), "", "", ReasonRequired, "Bundle.entry[1].resource.code"},
		{"a code that says nothing", swap(good, `"code":{"text":"o"}`, `"code":{"coding":[{"system":"http://loinc.org"}]}`), "", "", ReasonRequired, "Bundle.entry[1].resource.code"},
		{"two values", swap(good, `"valueString":"CANARI"`, `"valueString":"CANARI","valueBoolean":true`), "", "", ReasonSeveralChoices, "Bundle.entry[1].resource.value"},
		{"two times", swap(good, `"valueString":"CANARI"`, `"effectiveDateTime":"2026","effectivePeriod":{"start":"2026"}`), "", "", ReasonSeveralChoices, "Bundle.entry[1].resource.effective"},
		{"two values of a component", swap(good, `"valueString":"CANARI"`, `"component":[{"code":{"text":"x"},"valueString":"CANARI","valueInteger":1}]`), "", "", ReasonSeveralChoices, "Bundle.entry[1].resource.component[0].value"},
		{"a number as text", swap(good, `"valueString":"CANARI"`, `"valueQuantity":{"value":"5"}`), "", "", ReasonStructure, "Bundle.entry[1].resource.valueQuantity.value"},
		{"half an integer", swap(good, `"valueString":"CANARI"`, `"valueInteger":1.5`), "", "", ReasonStructure, "Bundle.entry[1].resource.valueInteger"},
		{"an empty list", swap(good, `"valueString":"CANARI"`, `"note":[]`), "", "", ReasonRequired, "Bundle.entry[1].resource.note"},
		{"a time that is none", swap(good, `"valueString":"CANARI"`, `"effectiveDateTime":"2026-02-30T10:00:00Z"`), "", "", ReasonTime, "Bundle.entry[1].resource.effectiveDateTime"},
		{"modifierExtension", swap(good, `"valueString":"CANARI"`, `"modifierExtension":[{"url":"http://CANARI","valueBoolean":true}]`), "", "", ReasonModifier, "Bundle.entry[1].resource.modifierExtension"},
		{"modifierExtension of an entry", swap(good, `{"fullUrl"`, `{"modifierExtension":[{"url":"http://CANARI","valueBoolean":true}],"fullUrl"`), "", "", ReasonModifier, "Bundle.entry[0].modifierExtension"},
		{"modifierExtension within", swap(good, `"valueString":"CANARI"`, `"referenceRange":[{"text":"x","modifierExtension":[{"url":"http://CANARI","valueBoolean":true}]}]`), "", "", ReasonModifier, "Bundle.entry[1].resource.referenceRange[0].modifierExtension"},
		{"modifierExtension contained", contained(swap(testPatient, `"gender"`, `"modifierExtension":[{"url":"http://CANARI","valueBoolean":true}],"gender"`), `{"reference":"#p"}`), "Observation", "", ReasonModifier, "Observation.contained[0].modifierExtension"},
		{"implicitRules", swap(good, `"valueString":"CANARI"`, `"implicitRules":"http://CANARI"`), "", "", ReasonImplicitRules, "Bundle.entry[1].resource.implicitRules"},
		{"implicitRules of the Bundle", swap(good, `"type":"transaction"`, `"implicitRules":"http://CANARI","type":"transaction"`), "", "", ReasonImplicitRules, "Bundle.implicitRules"},
		{"several patients", transaction(testPatient, second), "", "", ReasonSeveralPatients, "Bundle.entry[1].resource"},
		{"a patient within another's Bundle", transaction(testPatient, contained(second, `{"reference":"#q"}`)), "", "", ReasonSeveralPatients, "Bundle.entry[1].resource.contained[0]"},
		{"an INS whose key is wrong", transaction(swap(testPatient, "261037511211691", "261037511211692")), "", "", ReasonINS, "Bundle.entry[0].resource.identifier"},
		{"an INS that is a man's", transaction(swap(testPatient, "261037511211691", "161037511211644")), "", "", ReasonINSConflict, "Bundle.entry[0].resource.identifier"},
		{"no patient", transaction(testObservation("o")), "", "", ReasonNoPatient, "Bundle"},
		{"no subject", swap(transaction(testPatient, testObservation("o")), `"subject":{"reference":"Patient/p"},`, ""), "", "", ReasonNoSubject, "Bundle.entry[1].resource.subject"},
		{"a subject outside", transaction(testPatient, swap(testObservation("o"), "Patient/p", "Patient/CANARI")), "", "", ReasonReference, "Bundle.entry[1].resource.subject"},
		{"a subject on another server", transaction(testPatient, swap(testObservation("o"), "Patient/p", "http://other.test/Patient/p")), "", "", ReasonReference, "Bundle.entry[1].resource.subject"},
		{"a subject that is no patient", transaction(testPatient, `{"resourceType":"Group","id":"g","type":"person","actual":true}`, swap(testObservation("o"), "Patient/p", "Group/g")), "", "", ReasonSubject, "Bundle.entry[2].resource.subject"},
		{"a subject by another number", transaction(testPatient, swap(testObservation("o"), `{"reference":"Patient/p"}`, `{"identifier":{"system":"urn:s","value":"CANARI"}}`)), "", "", ReasonSubject, "Bundle.entry[1].resource.subject"},
		{"a result about another", transaction(testPatient, testObservation("o", `"focus":[{"display":"fœtus"}]`)), "", "", ReasonFocus, "Bundle.entry[1].resource.focus"},
		{"a result that is not there", transaction(testPatient, testReport(results("CANARI"))), "", "", ReasonReference, "Bundle.entry[1].resource.result[0]"},
		{"a member that is not there", transaction(testPatient, testObservation("o", references("hasMember", "CANARI"))), "", "", ReasonReference, "Bundle.entry[1].resource.hasMember[0]"},
		{"a report of another subject", transaction(testPatient, swap(testReport(), "Patient/p", "Patient/CANARI")), "", "", ReasonReference, "Bundle.entry[1].resource.subject"},
		{"an inactive patient", swap(testPatient, `"gender"`, `"active":false,"gender"`), "Patient", "", ReasonReplaced, "Patient.active"},
		{"a patient replaced by another", swap(testPatient, `"gender"`, `"link":[{"other":{"reference":"Patient/q"},"type":"replaced-by"}],"gender"`), "Patient", "", ReasonReplaced, "Patient.link"},
		{"no base64", transaction(testPatient, testReport(`"presentedForm":[{"contentType":"application/pdf","data":"CANARI"}]`)), "", "", ReasonDocument, "Bundle.entry[1].resource.presentedForm"},
	} {
		m, err := Parse([]byte(c.text), c.kind, c.id, testOptions)
		if err == nil {
			t.Errorf("%s: accepted: %+v", c.name, m)
			continue
		}
		problems := refused(t, err)
		if p := problems[0]; p.Reason != c.reason || strings.Join(p.Expression, ", ") != c.place {
			t.Errorf("%s: got %v, want %s at %s", c.name, p, c.reason, c.place)
		}
		if said := err.Error() + string(OperationOutcome(problems...)); strings.Contains(said, "CANARI") {
			t.Errorf("%s: the answer repeats the message: %s", c.name, said)
		}
	}
}

// TestAccepted: what could be taken for a thing to refuse.
func TestAccepted(t *testing.T) {
	good := transaction(testPatient, testObservation("o", `"valueString":"1"`), testReport(results("o")))
	contained := swap(swap(testObservation("o", `"valueString":"1"`), "Patient/p", "#p"), `"id":"o"`, `"id":"o","contained":[`+testPatient+`]`)
	for name, text := range map[string]string{
		"a transaction":                      good,
		"a batch":                            swap(good, "transaction", "batch"),
		"a message":                          testMessage,
		"a document":                         testDocument,
		"a byte order mark":                  "\uFEFF" + good,
		"a patient alone":                    testPatient,
		"a result with its patient":          contained,
		"posted without id":                  swap(good, `"PUT","url":"Observation/o"`, `"POST","url":"Observation"`),
		"if nobody has the patient's number": swap(good, `"url":"Patient/p"`, `"url":"Patient/p","ifNoneExist":"identifier=urn:oid:1.2.250.1.213.1.4.10|261037511211691"`),
		"a condition on what is context":     swap(transaction(testPatient, `{"resourceType":"Organization","id":"g","name":"Labo"}`), `"url":"Organization/g"`, `"url":"Organization/g","ifNoneExist":"name=Labo"`),
		"the same patient twice":             transaction(testPatient, swap(testPatient, `"id":"p"`, `"id":"q"`)),
		"a subject by its number":            transaction(testPatient, swap(testObservation("o"), `{"reference":"Patient/p"}`, `{"identifier":{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"261037511211691"}}`)),
		"a subject that its report says":     swap(good, `"subject":{"reference":"Patient/p"},`, ""),
		"a normal confidentiality":           swap(testDocument, `"title"`, `"confidentiality":"N","title"`),
		"a focus on the patient":             transaction(testPatient, testObservation("o", `"focus":[{"reference":"Patient/p"}]`)),
		"a reference with a version":         swap(good, `{"reference":"Patient/p"}`, `{"reference":"Patient/p/_history/3"}`),
		"an absolute reference":              swap(good, `{"reference":"Patient/p"}`, `{"reference":"http://labo.test/Patient/p"}`),
	} {
		text = strings.TrimSpace(text)
		m, err := Parse([]byte(text), kindOf([]byte(strings.TrimPrefix(text, "\uFEFF"))), "", testOptions)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Control == "" || m.Identity.Family != "LEFÈVRE" || len(m.Missing()) > 0 {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}

func TestLimits(t *testing.T) {
	small := testOptions
	small.MaxBytes = 100
	_, err := Parse([]byte(testPatient), "Patient", "", small)
	if got := refused(t, err)[0]; got.Reason != ReasonTooLarge || got.Status != 413 {
		t.Errorf("got %v", got)
	}
	identifiers := strings.Repeat(`{"system":"urn:s","value":"1"},`, maxIdentifiers) + `{"system":"urn:s","value":"2"}`
	_, err = Parse([]byte(swap(testPatient, `"identifier":[`, `"identifier":[`+identifiers+`,`)), "Patient", "", testOptions)
	if got := refused(t, err)[0]; got.Reason != ReasonTooManyItems {
		t.Errorf("got %v", got)
	}
	var bad []string
	for range 30 {
		bad = append(bad, `{"text":1}`)
	}
	_, err = Parse([]byte(transaction(testPatient, testObservation("o", `"note":[`+strings.Join(bad, ",")+`]`))), "", "", testOptions)
	if got := refused(t, err); len(got) != maxProblems {
		t.Errorf("got %d problems, want %d", len(got), maxProblems)
	}
	group := []string{testPatient, testReport(results("group"))}
	var ids []string
	for i := range maxItems + 1 {
		ids = append(ids, "i"+strconv.Itoa(i))
		group = append(group, testObservation(ids[i], `"valueInteger":1`))
	}
	group = append(group, testObservation("group", references("hasMember", ids...)))
	_, err = Parse([]byte(transaction(group...)), "", "", testOptions)
	if got := refused(t, err)[0]; got.Reason != ReasonTooManyItems {
		t.Errorf("got %v", got)
	}
}
