package fhir

import (
	"compress/bzip2"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// corpus is the folder of published examples.
const corpus = "../../../shared/data"

var update = flag.Bool("update", false, "write the table of docs/corpus.md anew")

// published returns the content of every file below a folder of the corpus, by
// its path in it.
func published(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	root := filepath.Join(corpus, folder)
	if _, err := os.Stat(root); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the published examples are not at %s", root)
		}
		t.Skip("the published examples are not here")
	}
	files := make(map[string][]byte)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".json.bz2") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		var content io.Reader = file
		if strings.HasSuffix(path, ".bz2") {
			content = bzip2.NewReader(file)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[name], err = io.ReadAll(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// kindOf is the address that a published resource would be sent to.
func kindOf(content []byte) string {
	var head struct{ ResourceType string }
	_ = json.Unmarshal(content, &head)
	if head.ResourceType == "Bundle" {
		return ""
	}
	return head.ResourceType
}

var corpusOptions = Options{LocalAuthority: "HOP", Now: func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }}

// tally counts what became of the files of one source.
type tally struct {
	files, accepted, reports, results, documents int
	refused                                      map[string]int
}

func TestEveryPublishedResourceIsReadOrRefusedWithAReason(t *testing.T) {
	sources := make(map[string]*tally)
	files := published(t, "fhir")
	others := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		source, _, _ := strings.Cut(name, string(filepath.Separator))
		if raced && source == "synthea-smart-r4" {
			if others++; others%20 != 0 { // alike, and many
				continue
			}
		}
		one := sources[source]
		if one == nil {
			one = &tally{refused: make(map[string]int)}
			sources[source] = one
		}
		one.files++
		began := time.Now()
		m, err := Parse(content, kindOf(content), "", corpusOptions)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		if err != nil {
			one.refused[reasonOf(t, name, err)]++
			continue
		}
		one.accepted++
		one.reports += len(m.Reports)
		for _, report := range m.Reports {
			one.results += report.Report.Count
			one.documents += len(report.Report.Documents)
		}
		checkComplete(t, name, content, m)
	}
	if raced {
		t.Log("\n" + table(sources))
		return // of a part
	}
	compareTable(t, "fhir", table(sources))
}

func reasonOf(t *testing.T, name string, err error) string {
	t.Helper()
	problems, ok := errors.AsType[Problems](err)
	if !ok || len(problems) == 0 {
		t.Fatalf("%s: error is %T, want Problems", name, err)
	}
	for _, p := range problems {
		if p.Diagnostics == "" || p.Code == "" || p.Status < 400 || p.Reason == ReasonInternal {
			t.Errorf("%s: problem says too little: %+v", name, p)
		}
	}
	p := problems[0]
	return string(p.Reason) + " " + indexes.ReplaceAllString(strings.Join(p.Expression, ", "), "[]")
}

var indexes = regexp.MustCompile(`\[\d+\]`)

func table(sources map[string]*tally) string {
	var b strings.Builder
	b.WriteString("| source | files | accepted | reports | results | documents | refused |\n|---|--:|--:|--:|--:|--:|--:|\n")
	var all tally
	reasons := make(map[string]int)
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		s := sources[name]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d |\n", name, s.files, s.accepted, s.reports, s.results, s.documents, s.files-s.accepted)
		all.files, all.accepted, all.reports, all.results, all.documents = all.files+s.files, all.accepted+s.accepted, all.reports+s.reports, all.results+s.results, all.documents+s.documents
		for reason, n := range s.refused {
			reasons[reason+" | "+name] += n
		}
	}
	fmt.Fprintf(&b, "| **all** | %d | %d | %d | %d | %d | %d |\n\n", all.files, all.accepted, all.reports, all.results, all.documents, all.files-all.accepted)
	b.WriteString("| refused | reason and place | source |\n|--:|---|---|\n")
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(&b, "| %d | %s |\n", reasons[reason], reason)
	}
	return b.String()
}

// compareTable compares a table with the one between two marks of
// docs/corpus.md, or writes it there.
func compareTable(t *testing.T, mark, got string) {
	t.Helper()
	t.Log("\n" + got)
	const path = "../../docs/corpus.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(page), "<!-- "+mark+" -->\n")
	want, after, closed := strings.Cut(rest, "<!-- end of "+mark+" -->")
	switch {
	case !opened || !closed:
		t.Fatalf("%s has no place for the table of %s", path, mark)
	case want == got:
	case !*update:
		t.Errorf("the table of %s is another one; go test -update writes it", path)
	default:
		page := before + "<!-- " + mark + " -->\n" + got + "<!-- end of " + mark + " -->" + after
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil { //nolint:gosec // a page for people
			t.Fatal(err)
		}
	}
}

// checkComplete looks for every value of every Observation of an accepted
// message in what was read of it, by means of its own.
func checkComplete(t *testing.T, name string, content []byte, m *Message) {
	t.Helper()
	rows := make(map[string]int)
	for _, report := range m.Reports {
		count := 0
		for _, panel := range report.Report.Panels {
			count += len(panel.Observations)
			for _, o := range panel.Observations {
				rows[o.Value.Text]++
			}
		}
		if count != report.Report.Count || len(report.Orders) != len(report.Report.Panels) || len(report.Orders) == 0 || slices.Contains(report.Orders, "") {
			t.Errorf("%s: %d results of %d, %d orders for %d panels", name, count, report.Report.Count, len(report.Orders), len(report.Report.Panels))
		}
	}
	for _, value := range valuesIn(t, content) {
		if rows[value] == 0 {
			t.Errorf("%s: a value is lost", name)
			return
		}
		rows[value]--
	}
}

// valuesIn lists the values of all Observations of a message that are plain
// to print.
func valuesIn(t *testing.T, content []byte) []string {
	t.Helper()
	var root struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(content, &root); err != nil {
		t.Fatal(err)
	}
	resources := []json.RawMessage{content}
	for _, entry := range root.Entry {
		resources = append(resources, entry.Resource)
	}
	type valued struct {
		ValueQuantity *struct {
			Value      json.Number
			Comparator string
		}
		ValueString          string
		ValueInteger         json.Number
		ValueCodeableConcept *struct{ Text string }
	}
	var list []string
	add := func(v valued) {
		switch {
		case v.ValueQuantity != nil && v.ValueQuantity.Value != "":
			list = append(list, v.ValueQuantity.Comparator+string(v.ValueQuantity.Value))
		case v.ValueString != "":
			list = append(list, strings.TrimRight(strings.ReplaceAll(v.ValueString, "\r\n", "\n"), " \t\n"))
		case v.ValueInteger != "":
			list = append(list, string(v.ValueInteger))
		case v.ValueCodeableConcept != nil && v.ValueCodeableConcept.Text != "":
			list = append(list, strings.Join(strings.Fields(v.ValueCodeableConcept.Text), " "))
		}
	}
	for _, raw := range resources {
		var o struct {
			ResourceType, Status string
			valued
			Component []valued
			Contained []struct {
				ResourceType string
				valued
			}
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		for _, inner := range o.Contained {
			if inner.ResourceType == "Observation" {
				add(inner.valued)
			}
		}
		if o.ResourceType != "Observation" || o.Status == withdrawn {
			continue
		}
		add(o.valued)
		for _, c := range o.Component {
			add(c)
		}
	}
	return list
}

// TestAttacksAreRefused: what other validators refuse is at least no crash,
// and what is no JSON is never taken for it.
func TestAttacksAreRefused(t *testing.T) {
	for name, content := range published(t, "attack/json-test-suite") {
		base := filepath.Base(name)
		reason := checkJSON(content)
		switch {
		case strings.HasPrefix(base, "n_") && reason == "":
			t.Errorf("%s is accepted", base)
		case strings.HasPrefix(base, "y_") && reason == ReasonNotJSON:
			t.Errorf("%s is refused as no JSON", base)
		}
		if _, err := Parse(content, "", "", corpusOptions); err == nil {
			t.Errorf("%s is accepted as FHIR", base)
		}
	}
	refused := 0
	files := published(t, "attack/fhir-invalid")
	for name, content := range files {
		if _, err := Parse(content, kindOf(content), "", corpusOptions); err != nil {
			refused++
			reasonOf(t, name, err)
		}
	}
	t.Logf("refused %d of %d that the validator of HL7 refuses", refused, len(files))
}
