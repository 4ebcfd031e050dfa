package intake

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/corpus.md anew")

// TestTableOfPublishedMessages compares what becomes of the published messages
// with the table in docs/corpus.md.
func TestTableOfPublishedMessages(t *testing.T) {
	type tally struct{ files, accepted, results, documents int }
	sources := make(map[string]*tally)
	refused := make(map[string]int)
	for name, content := range published(t) {
		source, _, _ := strings.Cut(name, string(filepath.Separator))
		one := sources[source]
		if one == nil {
			one = &tally{}
			sources[source] = one
		}
		one.files++
		m, err := Parse(content, Options{LocalAuthority: "HOP"})
		if problem, ok := errors.AsType[*Problem](err); ok {
			place := problem.Place
			place.Sequence = 0
			refused[string(problem.Reason)+" "+place.String()+" | "+source]++
			continue
		}
		one.accepted++
		one.results += m.Report.Count
		one.documents += len(m.Report.Documents)
	}
	var b strings.Builder
	var all tally
	b.WriteString("| source | files | accepted | results | documents | refused |\n|---|--:|--:|--:|--:|--:|\n")
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		s := sources[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", name, s.files, s.accepted, s.results, s.documents, s.files-s.accepted)
		all.files, all.accepted, all.results, all.documents = all.files+s.files, all.accepted+s.accepted, all.results+s.results, all.documents+s.documents
	}
	fmt.Fprintf(&b, "| **all** | %d | %d | %d | %d | %d |\n\n", all.files, all.accepted, all.results, all.documents, all.files-all.accepted)
	b.WriteString("| refused | reason and place | source |\n|--:|---|---|\n")
	for _, reason := range slices.Sorted(maps.Keys(refused)) {
		fmt.Fprintf(&b, "| %d | %s |\n", refused[reason], reason)
	}
	compareTable(t, b.String())
}

// compareTable compares the table with the one in docs/corpus.md, or writes it
// there.
func compareTable(t *testing.T, got string) {
	t.Helper()
	t.Log("\n" + got)
	const path, mark, end = "../docs/corpus.md", "<!-- hl7v2 -->\n", "<!-- end of hl7v2 -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(page), mark)
	want, after, closed := strings.Cut(rest, end)
	switch {
	case !opened || !closed:
		t.Fatalf("%s has no place for the table", path)
	case want == got:
	case !*update:
		t.Errorf("the table of %s is another one; go test -update writes it", path)
	default:
		if err := os.WriteFile(path, []byte(before+mark+got+end+after), 0o644); err != nil { //nolint:gosec // a page for people
			t.Fatal(err)
		}
	}
}
