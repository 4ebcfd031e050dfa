package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet/store/storetest"
	"guichet/traces"
)

// TestEveryEventIsOnTheList: what the functions trace is on the closed list,
// and what is on the list is traced by some function.
func TestEveryEventIsOnTheList(t *testing.T) {
	files, err := filepath.Glob("functions/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`'([a-z-]+\.[a-z-]+|sign-in|sign-out|integrity)'`)
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

// untraced are the functions that a role may call and that leave no entry of their
// own, with the reason.
var untraced = map[string]string{
	"receive":          "hands over what an entry names",
	"load_session":     "finds the session of a request whose act is traced; ends what is over, which is",
	"save_session":     "keeps the session's own values",
	"same_account":     "compares two sessions; says yes or no",
	"session_limits":   "says how long sessions last",
	"show_settings":    "says what was chosen; who chose it is traced",
	"continue_session": "a person's wish to go on; their acts are traced",
	"note_presence":    "a sign of the browser; the end it may bring is traced",
	"may_try":          "says how long an address waits; a refusal is traced where it is told",
	"may_try_as":       "the same of an account",
	"begin_try":        "the same, and takes a place",
	"why_refused":      "a word of an entry that the caller has just left",
	"note_told":        "says that an alert was told",
	"waiting_alerts":   "alerts that were not told yet, by their entries",
	"take_alert":       "what housekeeping or an act raised, by its entry",
	"flush":            "writes nothing",
	"lead":             "who sequences; the log says what they did",
	"log_state":        "hashes and sizes",
	"log_horizon":      "an id",
	"leaves_between":   "hashes",
	"append_log":       "the log itself",
	"read_tiles":       "hashes",
	"log_gaps":         "ids that no entry has",
	"log_checkpoints":  "hashes and sizes, signed",
	"log_purges":       "places, of a purge that is traced",
	"place_of":         "a place",
	"entry_at":         "an id",
	"places_in":        "places",
	"keep_streams":     "names of receivers, from the configuration",
	"log_stream":       "places",
	"advance_stream":   "a place, after the reads that are traced",
	"purged_in":        "how many, of purges that are traced",
	"watch_reviews":    "raises alerts; what it suspends is traced",
}

// TestEveryFunctionIsTraced: what a role may call leaves an entry, itself or through
// what it calls, or says why not.
func TestEveryFunctionIsTraced(t *testing.T) {
	db := storetest.New(t).Superuser(t)
	bodies := make(map[string]string)
	for _, line := range column(t, db, `SELECT proname || ' ' || prosrc FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace`) {
		name, body, _ := strings.Cut(line, " ")
		bodies[name] = body
	}
	calls := regexp.MustCompile(`guichet\.([a-z_]+)\(`)
	var leaves func(name string, seen map[string]bool) bool
	leaves = func(name string, seen map[string]bool) bool {
		if name == "leave_trace" {
			return true
		}
		if seen[name] {
			return false
		}
		seen[name] = true
		for _, m := range calls.FindAllStringSubmatch(bodies[name], -1) {
			if leaves(m[1], seen) {
				return true
			}
		}
		return false
	}
	may := make(map[string]bool)
	for _, names := range mayCall {
		for _, name := range names {
			may[name] = true
			if _, excused := untraced[name]; !excused && !leaves(name, make(map[string]bool)) {
				t.Errorf("%s leaves no entry, and does not say why", name)
			}
		}
	}
	for name := range untraced {
		if !may[name] {
			t.Errorf("%s is excused, and nobody may call it", name)
		}
	}
}
