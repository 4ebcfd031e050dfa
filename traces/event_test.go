package traces

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/traces.md anew from the list")

const (
	document   = "../docs/traces.md"
	tableBegin = "| event | meaning | rule |\n|---|---|---|\n"
)

// TestDocumented keeps docs/traces.md in step with the list.
func TestDocumented(t *testing.T) {
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), tableBegin)
	if !found {
		t.Fatal("docs/traces.md has no table of events")
	}
	table, after, _ := strings.Cut(rest, "\n\n")
	table = strings.TrimSuffix(table, "\n") + "\n"
	var want strings.Builder
	for _, e := range Events {
		want.WriteString("| `" + string(e.Type) + "` | " + e.Meaning + " | " + e.Rule + " |\n")
	}
	if *update {
		if after != "" {
			after = "\n" + after
		}
		if err := os.WriteFile(document, []byte(before+tableBegin+want.String()+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want.String() {
		t.Error("docs/traces.md is not in step with the list: go test ./traces -update")
	}
}

func TestEventsAreListedOnce(t *testing.T) {
	seen := make(map[Type]bool)
	for _, e := range Events {
		if seen[e.Type] {
			t.Errorf("%s stands on the list twice", e.Type)
		}
		seen[e.Type] = true
	}
}
