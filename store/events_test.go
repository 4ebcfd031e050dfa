package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"guichet/traces"
)

// TestEveryEventIsOnTheList: what the functions trace is on the closed list,
// and what is on the list is traced by some function.
func TestEveryEventIsOnTheList(t *testing.T) {
	files, err := filepath.Glob("functions/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`'((?:service|session|home|report|document|trend|access-log|account|feed|operator|patient|message|quarantine|page|code|identity)\.[a-z]+|sign-in|sign-out|integrity)'`)
	call := regexp.MustCompile(`(?:leave_trace\(|j\.event := )([^;]*);`)
	traced := make(map[traces.Type]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "leave_event.sql" { // takes its type from a list of its own
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				traced[traces.Type(m[1])] = true
			}
			continue
		}
		for _, c := range call.FindAllStringSubmatch(string(text), -1) {
			for _, m := range named.FindAllStringSubmatch(c[1], -1) {
				traced[traces.Type(m[1])] = true
			}
		}
	}
	for _, e := range traces.Events {
		if !traced[e.Type] {
			t.Errorf("%s is on the list, and no function leaves it", e.Type)
		}
	}
	for kind := range traced {
		if !slices.ContainsFunc(traces.Events, func(e traces.Event) bool { return e.Type == kind }) {
			t.Errorf("%s is traced, and not on the list", kind)
		}
	}
}
