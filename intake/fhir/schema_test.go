package fhir

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
)

// TestSchemaIsThePublishedOne: what is embedded is what SCHEMA.md says.
func TestSchemaIsThePublishedOne(t *testing.T) {
	unzipped, err := gzip.NewReader(bytes.NewReader(compressedSchema))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if got := hex.EncodeToString(sum[:]); got != "15b9548af6412c44faaa411456e0652542de286fd1c58ef882b09bdc8947909d" {
		t.Errorf("got %s", got)
	}
}

// TestEveryDefinitionCompiles, from many requests at once.
func TestEveryDefinitionCompiles(t *testing.T) {
	s, err := loadSchema()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.types) != 146 {
		t.Errorf("%d types of resources, want 146", len(s.types))
	}
	var wait sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		wait.Go(func() {
			if _, err := s.definition(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wait.Wait()
}

// checkOurs checks what we write ourselves as strictly as what we read.
func checkOurs(t *testing.T, kind string, content []byte) {
	t.Helper()
	s, err := official()
	if err != nil {
		t.Fatal(err)
	}
	if reason := checkJSON(content); reason != "" {
		t.Fatalf("%s: %s", reason, content)
	}
	tree, ok := treeOf(content)
	if !ok || tree["resourceType"] != kind {
		t.Fatalf("not a %s: %s", kind, content)
	}
	var problems Problems
	s.check(kind, tree, kind, &problems)
	overlay(kind, tree, kind, &problems)
	for _, p := range problems {
		t.Errorf("%s: %v", kind, p)
	}
}

func TestWhatWeWriteIsFHIR(t *testing.T) {
	checkOurs(t, "CapabilityStatement", CapabilityStatement(Capability{URL: "https://localhost:8445/fhir", Version: "1", MaxBytes: 16 << 20}))
	checkOurs(t, "CapabilityStatement", CapabilityStatement(Capability{}))
	var all Problems
	for reason := range reasons {
		all = append(all, NewProblem(reason, "Bundle.entry[0].resource"))
	}
	checkOurs(t, "OperationOutcome", OperationOutcome(all...))
	for _, c := range []struct{ kind, text string }{
		{"Bundle", transaction(testPatient, `{"resourceType":"Organization","id":"g","name":"Labo"}`)},
		{"Bundle", testMessage},
		{"OperationOutcome", testDocument},
		{"OperationOutcome", testPatient},
	} {
		answer := parse(t, c.text).Answer("https://localhost:8445/fhir")
		checkOurs(t, c.kind, answer.Body)
		if answer.Status/100 != 2 {
			t.Errorf("%s: status %d", c.kind, answer.Status)
		}
	}
}

func TestCheck(t *testing.T) {
	for text, want := range map[string]bool{
		testPatient:                                    true,
		`{"resourceType":"AuditEvent"}`:                false, // what it must have
		`{"resourceType":"Patient","nome":"Dupont"}`:   false,
		`{"resourceType":"Patient","gender":"f"}`:      false,
		`{"resourceType":"Patient","active":true`:      false,
		`{"resourceType":"Element"}`:                   false, // no resource
		`{"resourceType":"Patient","id":"1","id":"2"}`: false,
		`["resourceType","Patient"]`:                   false,
		`{}`:                                           false,
	} {
		if err := Check([]byte(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestReasonsAreWords that quarantine takes.
func TestReasonsAreWords(t *testing.T) {
	for reason, r := range reasons {
		for _, c := range reason {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				t.Errorf("%s is no word of quarantine's", reason)
			}
		}
		if r.status < 400 || r.code == "" || r.text == "" {
			t.Errorf("%s says too little", reason)
		}
	}
	if got := NewProblem("no such reason"); got.Reason != ReasonInternal {
		t.Errorf("got %v", got)
	}
}
