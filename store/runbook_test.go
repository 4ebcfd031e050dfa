package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryAlertHasItsRunbook: one page for each kind that a function raises,
// none for a kind that nobody raises, each with the same four parts, and a line
// in the table of operations.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	const folder = "../docs/runbooks"
	kinds := raised(t)
	operations, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		page, err := os.ReadFile(filepath.Join(folder, kind+".md"))
		if err != nil {
			t.Errorf("%s has no runbook: %v", kind, err)
			continue
		}
		if !strings.HasPrefix(string(page), "# `"+kind+"` — ") {
			t.Errorf("%s.md does not begin with its kind", kind)
		}
		place := 0
		for _, part := range []string{"Ce que cela veut dire", "Que regarder", "Que faire", "Qui prévenir"} {
			_, text, found := strings.Cut(string(page)[place:], "\n## "+part+"\n\n")
			if !found || text == "" || strings.HasPrefix(text, "#") {
				t.Errorf("%s.md lacks %q, in its order", kind, part)
				break
			}
			place = len(page) - len(text)
		}
		if !strings.Contains(string(operations), "[`"+kind+"`](runbooks/"+kind+".md)") {
			t.Errorf("operations.md does not lead to the runbook of %s", kind)
		}
	}
	pages, err := filepath.Glob(folder + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		kind := strings.TrimSuffix(filepath.Base(page), ".md")
		if kind != "README" && !slices.Contains(kinds, kind) {
			t.Errorf("nothing raises %s, which has a runbook", kind)
		}
	}
	t.Logf("%d kinds", len(kinds))
}

// raised are the kinds of alerts that functions raise.
func raised(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("functions/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	call, literal := regexp.MustCompile(`guichet\.raise_alert\(`), regexp.MustCompile(`PERFORM guichet\.raise_alert\('([a-z.-]+)', `)
	var kinds []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "raise_alert.sql" {
			continue
		}
		found := literal.FindAllStringSubmatch(string(text), -1)
		if calls := call.FindAllIndex(text, -1); len(calls) != len(found) {
			t.Errorf("%s: %d calls of raise_alert, %d of them with a kind that can be read", file, len(calls), len(found))
		}
		for _, m := range found {
			if !slices.Contains(kinds, m[1]) {
				kinds = append(kinds, m[1])
			}
		}
	}
	if len(kinds) < 10 {
		t.Fatalf("only %v", kinds)
	}
	return kinds
}
