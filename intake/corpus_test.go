package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// corpus is the folder of published messages.
const corpus = "../../shared/data"

// published returns the content of every file of published HL7 v2 messages,
// by its path.
func published(t testing.TB) map[string][]byte {
	t.Helper()
	root := filepath.Join(corpus, "hl7v2")
	if _, err := os.Stat(root); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the published messages are not at %s", root)
		}
		t.Skip("the published messages are not here")
	}
	files := make(map[string][]byte)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(content[:min(len(content), 16)], []byte("MSH")) || strings.HasSuffix(path, ".hl7") {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			files[name] = unframed(content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func unframed(content []byte) []byte {
	content = bytes.TrimPrefix(content, []byte{startBlock})
	return bytes.TrimSuffix(content, []byte{endBlock, endFrame})
}

func TestEveryPublishedMessageIsReadOrRefusedWithAReason(t *testing.T) {
	counts := make(map[string]int)
	read := 0
	for name, content := range published(t) {
		m, err := Parse(content, Options{LocalAuthority: "HOP"})
		if err == nil {
			read++
			if len(m.Orders) != len(m.Report.Panels) || len(m.Orders) == 0 {
				t.Errorf("%s: %d orders for %d panels", name, len(m.Orders), len(m.Report.Panels))
			}
			continue
		}
		var problem *Problem
		if !errors.As(err, &problem) {
			t.Fatalf("%s: error is %T, want *Problem", name, err)
		}
		if problem.Reason == "" || problem.Text == "" || problem.Code < 100 || problem.Reason == ReasonInternal {
			t.Errorf("%s: problem says too little: %+v", name, problem)
		}
		counts[string(problem.Reason)+" "+problem.Place.String()]++
	}
	if read < 100 {
		t.Errorf("read %d messages, want most of the ORU", read)
	}
	var lines []string
	for reason, n := range counts {
		lines = append(lines, fmt.Sprintf("%4d %s", n, reason))
	}
	slices.Sort(lines)
	t.Logf("read %d\n%s", read, strings.Join(lines, "\n"))
}

func TestNoResultOfAPublishedMessageIsLost(t *testing.T) {
	files := published(t)
	table, err := os.Open(filepath.Join(corpus, "QUIRKS.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	rows, err := csv.NewReader(table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, row := range rows[1:] {
		content, ok := files[filepath.Join(row[0], row[1])]
		m, err := Parse(content, Options{})
		if !ok || err != nil || bytes.Count(content, []byte("MSH|")) > 1 {
			continue
		}
		want, err := strconv.Atoi(row[8])
		if err != nil {
			t.Fatal(err)
		}
		got := m.Report.Count + len(m.Report.Documents)
		if want -= notResults(content); got != want {
			t.Errorf("%s: %d results and documents, want %d", row[1], got, want)
		}
		compared++
	}
	if compared < 100 {
		t.Errorf("compared %d messages, want most of the ORU", compared)
	}
}

// notResults counts, by plain text search, the OBX that are no result of their
// own: transmission flags, results taken back, and lines that go on with the
// text of the OBX before.
func notResults(content []byte) int {
	n := 0
	previous := ""
	for line := range strings.FieldsFuncSeq(string(content), func(r rune) bool { return r == '\r' || r == '\n' }) {
		fields := append(strings.Split(line, "|"), make([]string, 20)...)
		key := ""
		if fields[0] == "OBX" {
			text := fields[2] == "TX" || fields[2] == "FT"
			if text {
				key = strings.TrimRight(strings.Join(slices.Concat(fields[3:5], fields[8:]), "|"), "|")
			}
			switch {
			case strings.Contains(fields[3], "MetaDMPMSS"), fields[11] == "D", fields[11] == "W", fields[11] == "N":
				n++
			case text && key == previous:
				n++
			}
		}
		previous = key
	}
	return n
}
