package traces

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/traces.md anew from the lists")

const document = "../docs/traces.md"

// table is one that docs/traces.md has of a list, after a line of its own.
type table struct {
	head string
	rows []string
}

func tables() []table {
	events := table{head: "| event | meaning | rule | category | type | EventID | subtype | action |\n|---|---|---|---|---|---|---|---|\n"}
	for _, e := range Events {
		k := e.Kind
		events.rows = append(events.rows, "| `"+string(e.Type)+"` | "+strings.Join([]string{e.Meaning, e.Rule, k.Category, k.Type.Code, k.EventID.Code, k.Subtype.Code, k.Action}, " | ")+" |\n")
	}
	fields := table{head: "| column | class | what it says |\n|---|---|---|\n"}
	for _, f := range Fields {
		fields.rows = append(fields.rows, "| `"+f.Name+"` | "+string(f.Class)+" | "+f.Meaning+" |\n")
	}
	return []table{fields, events}
}

// TestDocumented keeps docs/traces.md in step with the lists.
func TestDocumented(t *testing.T) {
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, wanted := range tables() {
		before, rest, found := strings.Cut(text, wanted.head)
		if !found {
			t.Fatalf("docs/traces.md has no table %q", wanted.head)
		}
		_, after, _ := strings.Cut(rest+"\n\n", "\n\n")
		text = strings.TrimRight(before+wanted.head+strings.Join(wanted.rows, "")+"\n"+after, "\n") + "\n"
	}
	if *update {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != string(content) {
		t.Error("docs/traces.md is not in step with the lists: go test ./traces -update")
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

// TestEveryEventHasCodes that its systems have.
func TestEveryEventHasCodes(t *testing.T) {
	for _, e := range Events {
		k := e.Kind
		for name, coding := range map[string]Coding{"type": k.Type, "EventID": k.EventID, "subtype": k.Subtype} {
			if coding.System == "" || coding.Code == "" || coding.Display == "" {
				t.Errorf("%s: the %s is %v", e.Type, name, coding)
			}
			if digits := strings.Trim(coding.Code, "0123456789") == "" && len(coding.Code) == 6; (coding.System == DCM) != digits {
				t.Errorf("%s: the %s %s is none of %s", e.Type, name, coding.Code, coding.System)
			}
		}
		if k.Category == "" || len(k.Action) != 1 || !strings.Contains("CRUDE", k.Action) {
			t.Errorf("%s: category %q, action %q", e.Type, k.Category, k.Action)
		}
		if k.EventID.System != DCM {
			t.Errorf("%s: an EventID that is not DICOM's: %v", e.Type, k.EventID)
		}
		// BALP fixes the action of each RESTful interaction.
		want, ok := map[string]string{"read": "R", "search-type": "E", "create": "C", "update": "U", "delete": "D"}[k.Subtype.Code]
		if k.Type.Code == "rest" && (!ok || k.Action != want) {
			t.Errorf("%s: action %s of %s, want %s", e.Type, k.Action, k.Subtype.Code, want)
		}
		if found, ok := EventOf(e.Type); !ok || found != e {
			t.Errorf("%s is not found", e.Type)
		}
	}
	if _, ok := EventOf("no.event"); ok {
		t.Error("an event that is none was found")
	}
}
