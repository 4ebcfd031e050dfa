package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/store"
	"guichet/store/storetest"
)

const wellFormed = "MSH|^~\\&|LABO|CHB|GUICHET|CHB|20261117080000+0100||ORU^R01^ORU_R01|Q1|P|2.5\r" +
	"PID|1||4711^^^HOP^PI||LEFÈVRE^Camille^^^^^L||19840314|F\r" +
	"OBR|1|O1|O1|NFS^Numération^L|||20261117074200+0100\r" +
	"OBX|1|NM|718-7^Hémoglobine^LN||11.20|g/dL|12.0-16.0|L|||F\r"

// TestQuarantine walks what an operator does: list, show, mend, try again.
func TestQuarantine(t *testing.T) {
	d := storetest.New(t)
	config := installation(t, d)
	if code, _, errOut := guichet(t.Context(), "keys", "init", "--config", config); code != good {
		t.Fatal(errOut)
	}
	quarantine := func(args ...string) (int, string, string) {
		return guichet(t.Context(), append([]string{"quarantine"}, append(args, "--config", config)...)...)
	}
	if code, out, errOut := quarantine("list"); code != good || !strings.Contains(out, "Rien en quarantaine") {
		t.Fatalf("empty: got %d, %q, %q", code, out, errOut)
	}

	keys, err := envelope.OpenFiles(filepath.Join(filepath.Dir(config), "master"), filepath.Join(filepath.Dir(config), "ring"))
	if err != nil {
		t.Fatal(err)
	}
	intake, err := store.Open(t.Context(), store.Options{URL: d.URL("guichet_intake"), Password: d.Password("guichet_intake"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer intake.Close()
	feed := storetest.Request()
	if err := intake.OpenFeed(t.Context(), feed, "AB:CD", "Laboratoire", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	for reason, raw := range map[string]string{"internal": wellFormed, "segment-sequence": "MSH|^~\\&|\x1b[31m"} {
		if err := intake.Quarantine(t.Context(), feed, store.Refused{Format: store.HL7v2, Sender: "LABO|CHB", Control: reason, Raw: []byte(raw), Reason: reason}); err != nil {
			t.Fatal(err)
		}
	}

	code, out, errOut := quarantine("list")
	if code != good {
		t.Fatal(errOut)
	}
	ids := make(map[string]string)
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 4 {
			ids[fields[3]] = fields[0]
		}
	}
	if len(ids) != 2 || strings.Contains(out, "LEF") {
		t.Fatalf("got %q", out)
	}
	if code, out, errOut := quarantine("show", ids["internal"]); code != good || out != wellFormed || !strings.Contains(errOut, "internal") {
		t.Errorf("show: got %d, %q, %q", code, out, errOut)
	}
	code, out, errOut = quarantine("replay", ids["segment-sequence"], ids["internal"])
	if code != failed || !strings.Contains(errOut, "toujours refusé") || !strings.Contains(out, ids["internal"]+" : pris en compte") {
		t.Errorf("replay: got %d, %q, %q", code, out, errOut)
	}
	if _, out, _ := quarantine("list"); strings.Contains(out, ids["internal"]) || !strings.Contains(out, ids["segment-sequence"]) {
		t.Errorf("after the replay: got %q", out)
	}
	if code, _, errOut := quarantine("show", ids["internal"]); code != failed || !strings.Contains(errOut, "aucun message") {
		t.Errorf("show what has left: got %d, %q", code, errOut)
	}
	if code, _, _ := quarantine("show", "4711"); code != misuse {
		t.Errorf("a number that is none: got %d", code)
	}
	var reports, opened, closed int
	if err := d.Superuser(t).QueryRow(`SELECT (SELECT count(*) FROM guichet.report), count(*) FILTER (WHERE type = 'operator.open'), count(*) FILTER (WHERE type = 'operator.close') FROM guichet.trace`).Scan(&reports, &opened, &closed); err != nil {
		t.Fatal(err)
	}
	if reports != 1 || opened == 0 || opened != closed {
		t.Errorf("got %d reports, %d sessions opened, %d closed", reports, opened, closed)
	}
}

// TestShownOnATerminal: what came from outside cannot steer the terminal.
func TestShownOnATerminal(t *testing.T) {
	if got := harmless([]byte("MSH|\x1b[31m\rPID|é\x00\x9b\n")); got != "MSH|�[31m\nPID|é��\n" {
		t.Errorf("got %q", got)
	}
}
