package store_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"guichet/store/storetest"
)

var update = flag.Bool("update", false, "write catalogue.txt anew from what the migrations make")

// TestCatalogue keeps catalogue.txt, against which a starting program compares
// its database, equal to what the migrations make.
func TestCatalogue(t *testing.T) {
	d := storetest.New(t)
	query, err := os.ReadFile("catalogue.sql")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.SQL(t, "guichet_portal").Query(string(query))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile("catalogue.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("catalogue.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("catalogue.txt is not what the migrations make: go test ./store -run TestCatalogue -update, and read the difference")
	}
}

// TestNoLookupCallsAFunctionForEachRow: PostgreSQL asks a volatile function
// anew for each row of the table, and no index helps; as (SELECT …) it is asked
// once. Every function here is volatile, since the clock moves.
func TestNoLookupCallsAFunctionForEachRow(t *testing.T) {
	files, err := filepath.Glob("functions/*.sql")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	lookup := regexp.MustCompile(`(?:WHERE|AND|ON) \(?[a-z]+\.[a-z_]+ = guichet\.[a-z_]+\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := lookup.Find(text); found != nil {
			t.Errorf("%s: %s", file, found)
		}
	}
}
