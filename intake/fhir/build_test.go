package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/record"
)

var testOptions = Options{LocalAuthority: "HOP", Now: func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }}

const testPatient = `{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"261037511211691"}],` +
	`"name":[{"use":"official","family":"LEFÈVRE","given":["Hélène"]}],"gender":"female","birthDate":"1961-03-09"}`

// testObservation is a result of the test patient, whose other elements are
// given as JSON.
func testObservation(id string, elements ...string) string {
	list := append([]string{`"resourceType":"Observation"`, `"id":"` + id + `"`, `"subject":{"reference":"Patient/p"}`}, elements...)
	return completed(list, `"status":"final"`, `"code":{"text":"`+id+`"}`)
}

// completed makes an object of elements, and of those below that it lacks.
func completed(elements []string, defaults ...string) string {
	for _, element := range defaults {
		name, _, _ := strings.Cut(element, ":")
		if !slices.ContainsFunc(elements, func(given string) bool { return strings.HasPrefix(given, name+":") }) {
			elements = append(elements, element)
		}
	}
	return "{" + strings.Join(elements, ",") + "}"
}

func testReport(elements ...string) string {
	list := append([]string{`"resourceType":"DiagnosticReport","id":"d"`, `"subject":{"reference":"Patient/p"}`}, elements...)
	return completed(list, `"status":"final"`, `"code":{"text":"Bilan"}`)
}

// results names Observations as a report does.
func results(ids ...string) string { return references("result", ids...) }

func references(element string, ids ...string) string {
	var list []string
	for _, id := range ids {
		list = append(list, `{"reference":"Observation/`+id+`"}`)
	}
	return `"` + element + `":[` + strings.Join(list, ",") + `]`
}

// transaction makes a Bundle of resources, each put under its id.
func transaction(resources ...string) string {
	var entries []string
	for _, text := range resources {
		var head struct{ ResourceType, ID string }
		if err := json.Unmarshal([]byte(text), &head); err != nil {
			panic(fmt.Sprintf("%v in %s", err, text))
		}
		name := head.ResourceType + "/" + head.ID
		entries = append(entries, `{"fullUrl":"http://labo.test/`+name+`","resource":`+text+`,"request":{"method":"PUT","url":"`+name+`"}}`)
	}
	return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
}

func parse(t *testing.T, text string) *Message {
	t.Helper()
	m, err := Parse([]byte(text), kindOf([]byte(text)), "", testOptions)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

// only returns the one report of a message.
func only(t *testing.T, m *Message) record.Report {
	t.Helper()
	if len(m.Reports) != 1 {
		t.Fatalf("%d reports, want 1", len(m.Reports))
	}
	return m.Reports[0].Report
}

// outline writes the results of a report, panel by panel, as people see them.
func outline(r record.Report) string {
	var b strings.Builder
	for _, p := range r.Panels {
		fmt.Fprintf(&b, "%s|%s|%s\n", p.Title, p.Specimen, p.Status)
		for _, o := range p.Observations {
			fmt.Fprintf(&b, "  %s %s=%s %s|%s|%v|%s\n", o.SubID, o.Name, o.Value.Text, o.Unit, o.Reference, o.Flags, o.Status)
		}
	}
	return b.String()
}

func refused(t *testing.T, err error) Problems {
	t.Helper()
	problems, ok := errors.AsType[Problems](err)
	if !ok || len(problems) == 0 {
		t.Fatalf("got %v, want Problems", err)
	}
	return problems
}
