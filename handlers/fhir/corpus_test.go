package fhir

import (
	"compress/bzip2"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet/intake/fhir"
)

// corpus is the folder of published examples.
const corpus = "../../../shared/data/fhir"

// everySynthetic is which of the 205 synthetic records, which are alike, are
// stored; all are parsed in package intake/fhir.
const everySynthetic = 20

// published returns published resources by their path.
func published(t *testing.T) map[string][]byte {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the published examples are not at %s", corpus)
		}
		t.Skip("the published examples are not here")
	}
	files := make(map[string][]byte)
	synthetic := 0
	err := filepath.WalkDir(corpus, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".json.bz2") {
			return err
		}
		if strings.Contains(path, "synthea-smart") {
			every := everySynthetic
			if raced {
				every *= 5
			}
			if synthetic++; synthetic%every != 0 {
				return nil
			}
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
		files[path], err = io.ReadAll(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestPublishedResourcesAreStoredWholeOrKept: each published resource is
// stored whole, or refused and kept in quarantine, or was of a type that has
// no address.
func TestPublishedResourcesAreStoredWholeOrKept(t *testing.T) {
	s := newService(t)
	s.handler.options.Parse.MaxBytes = 16 << 20
	c := s.client(t, "labo")
	files := published(t)
	counts := make(map[string]int)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		var head struct{ ResourceType string }
		_ = json.Unmarshal(content, &head)
		kind := strings.TrimPrefix(head.ResourceType, "Bundle")
		path := strings.TrimSuffix("/fhir/"+kind, "/")
		before := s.stored(t)
		got := s.send(t, c, "POST", path, string(content))
		after := s.stored(t)
		counts[fmt.Sprint(got.status)]++
		switch got.status {
		case 200, 201:
			m, err := fhir.Parse(content, kind, "", s.handler.options.Parse)
			if err != nil {
				t.Fatal(err)
			}
			results, documents := 0, 0
			for _, r := range m.Reports {
				results += r.Report.Count
				documents += len(r.Report.Documents)
			}
			if after.messages != before.messages+1 || after.results != before.results+results || after.documents != before.documents+documents || after.quarantined != before.quarantined {
				t.Errorf("%s: from %+v to %+v with %d results and %d documents", name, before, after, results, documents)
			}
		case 404:
			if after != before {
				t.Errorf("%s: not an address, but from %+v to %+v", name, before, after)
			}
		default:
			if got.status >= 500 {
				t.Errorf("%s: got %d %s", name, got.status, got.body)
			}
			before.quarantined++
			if after != before && after.quarantined+1 != before.quarantined { // the same may have been kept before
				t.Errorf("%s: refused, but from %+v to %+v", name, before, after)
			}
		}
	}
	t.Log(counts)
}

type storedCounts struct{ messages, results, documents, quarantined int }

func (s *service) stored(t *testing.T) storedCounts {
	t.Helper()
	var c storedCounts
	if err := s.database(t).QueryRow(`SELECT (SELECT count(*) FROM guichet.message), (SELECT count(*) FROM guichet.observation), (SELECT count(*) FROM guichet.document), (SELECT count(*) FROM guichet.quarantine)`).
		Scan(&c.messages, &c.results, &c.documents, &c.quarantined); err != nil {
		t.Fatal(err)
	}
	return c
}
