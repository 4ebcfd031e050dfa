package main

import (
	"strings"
	"testing"

	"guichet/store/storetest"
)

// TestSettings walks what an operator does: look, choose, be refused.
func TestSettings(t *testing.T) {
	d := storetest.New(t)
	config := installation(t, d)
	if code, _, errOut := guichet(t.Context(), "keys", "init", "--config", config); code != good {
		t.Fatal(errOut)
	}
	settings := func(args ...string) (int, string, string) {
		return guichet(t.Context(), append([]string{"settings"}, append(args, "--config", config)...)...)
	}
	if code, out, errOut := settings("list"); code != good || !strings.Contains(out, "session.idle") || !strings.Contains(out, "15 minutes") || !strings.Contains(out, "par défaut") || !strings.Contains(out, "replace | refuse") || !strings.Contains(out, "1 minute … 1 hour") {
		t.Fatalf("list: got %d, %q, %q", code, out, errOut)
	}
	if code, out, errOut := settings("set", "session.idle", "20 minutes"); code != good || !strings.Contains(out, "en vigueur") {
		t.Fatalf("set: got %d, %q, %q", code, out, errOut)
	}
	if _, out, _ := settings("list"); !strings.Contains(out, "20 minutes") {
		t.Errorf("afterwards: %q", out)
	}
	for _, bad := range [][]string{{"session.idle", "2 hours"}, {"session.idle", "soon"}, {"no.such", "1"}} {
		if code, _, errOut := settings("set", bad[0], bad[1]); code != failed || !strings.Contains(errOut, "refusé") {
			t.Errorf("%v: got %d, %q", bad, code, errOut)
		}
	}
	if code, _, _ := settings("set", "session.idle"); code != misuse {
		t.Errorf("without a value: got %d", code)
	}
	var changed, refused, opened, closed int
	if err := d.Superuser(t).QueryRow(`SELECT count(*) FILTER (WHERE type = 'setting.change' AND outcome = 'granted'), count(*) FILTER (WHERE type = 'setting.change' AND outcome = 'refused'),
		count(*) FILTER (WHERE type = 'operator.open'), count(*) FILTER (WHERE type = 'operator.close') FROM guichet.trace`).Scan(&changed, &refused, &opened, &closed); err != nil {
		t.Fatal(err)
	}
	if changed != 1 || refused != 3 || opened != closed || opened != 6 {
		t.Errorf("got %d changes, %d refusals, %d sessions opened, %d closed", changed, refused, opened, closed)
	}
}
