package traces

import (
	"os"
	"strings"
	"testing"
)

// TestDocumented keeps docs/traces.md in step with the list.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/traces.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[Type]bool)
	for _, e := range Events {
		if line := "| `" + string(e.Type) + "` | " + e.Meaning + " | " + e.Rule + " |"; !strings.Contains(string(text), line) {
			t.Errorf("docs/traces.md lacks the line %s", line)
		}
		if seen[e.Type] {
			t.Errorf("%s stands on the list twice", e.Type)
		}
		seen[e.Type] = true
	}
}
