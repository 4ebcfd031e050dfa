package e2e

import (
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guichet runs a command on the demo's installation, and returns what it
// prints.
func (d *demo) guichet(t *testing.T, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(suite.programs, "guichet"), append(arguments, "--config", d.Ready.Config)...) // #nosec G204 -- our own
	var failure strings.Builder
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		t.Fatalf("guichet %s: %v: %s", strings.Join(arguments, " "), err, failure.String())
	}
	return string(out)
}

// TestWhoIsUnknownActivatesARecord: the hospital has a record under the name in
// use and without a place of birth; a letter's code leads there. Suspended at
// the counter, the open session ends with the next click.
func TestWhoIsUnknownActivatesARecord(t *testing.T) {
	d := newDemo(t)
	d.share(t) // nobody waits for having been refused
	p := d.people(t, "unknown")[0]
	const number = "8123456"
	pid := "PID|1||" + number + "^^^HOP^PI||USAGE^" + p.Traits.Given + "^^^^^L||" + strings.ReplaceAll(p.Traits.Birthdate, "-", "") + "|F"
	message := "MSH|^~\\&|LABO|CHB|GUICHET|CHB|20261117080000+0100||ORU^R01^ORU_R01|ACT1|P|2.5|||||FRA|UNICODE UTF-8\r" + pid + "\r" +
		"OBR|1|A1|A1|NFS^Numération^L|||20261117074200+0100\rOBX|1|NM|718-7^Hémoglobine^LN||11.20|g/dL|12.0-16.0|L|||F\r"
	if a := d.sendHL7(t, []byte(message)); a.code != "AA" {
		t.Fatalf("deposit: %s", a.raw)
	}
	c := d.client(t)
	refusal := c.signIn(p.Login, p.Provider)
	waiting := refusal.root(t).one(t, with("id", "waiting")).text()
	if refusal.status != http.StatusForbidden || !strings.Contains(d.guichet(t, "identities", "list"), waiting) {
		t.Fatalf("status %d; %q does not wait for an operator", refusal.status, waiting)
	}
	letter := d.guichet(t, "codes", "new", "--patient", number)
	code := regexp.MustCompile(`([0-9A-Z]{4}-){6}[0-9A-Z]{4}`).FindString(letter)
	if code == "" || !strings.Contains(letter, d.Ready.URLs.Public) {
		t.Fatalf("the letter says\n%s", letter)
	}
	slip := c.post("/activate", url.Values{"code": {code[:len(code)-1]}})
	if slip.status != http.StatusUnprocessableEntity || slip.root(t).one(t, with("id", "code")).attribute("value") != code[:len(code)-1] {
		t.Errorf("a slip: status %d", slip.status)
	}
	accepted := c.follow(c.post("/activate", url.Values{"code": {strings.ToLower(code)}}))
	if accepted.status != http.StatusOK || !strings.Contains(accepted.root(t).text(), "Votre dossier est ouvert") {
		t.Fatalf("the code: status %d", accepted.status)
	}
	if reports := c.get("/reports").reports(t); len(reports) != 1 {
		t.Errorf("%d reports, want the one", len(reports))
	}
	if again := d.client(t).signIn(p.Login, p.Provider); again.status != http.StatusOK {
		t.Errorf("the next time: status %d", again.status)
	}
	c = d.client(t)
	c.signIn(p.Login, p.Provider)
	account := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(d.guichet(t, "accounts", "list", "--patient", number))
	d.guichet(t, "accounts", "suspend", account, "--reason", "usurpation")
	ended := c.follow(c.get("/reports"))
	if reason := ended.root(t).one(t, with("id", "session-ended")).attribute("data-reason"); reason != "admin" {
		t.Errorf("suspended: ended for %q", reason)
	}
	if refused := d.client(t).signIn(p.Login, p.Provider); refused.status != http.StatusForbidden || !strings.Contains(refused.root(t).text(), "Votre accès est fermé") {
		t.Errorf("sign-in of a suspended account: status %d", refused.status)
	}
}
