package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A canary is a text that nobody else writes: found anywhere, it came from us.
type canary struct{ what, text string }

// TestNothingClearOnDisk lets health data, identities, tokens and attacks pass
// through a demo of its own, and then looks for them in all that it wrote, in a
// dump of the database, and in temporary folders.
func TestNothingClearOnDisk(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	before := entries(t, "/tmp")
	d := newDemo(t)
	patient := d.people(t, "patient")[0]
	canaries, reports := d.release(t, patient)
	t.Logf("%d canaries", len(canaries))

	d.superuser(t, "psql", "--no-psqlrc", "--quiet", "--command", "CHECKPOINT")
	dump := d.superuser(t, "pg_dump")
	data, err := filepath.EvalSymlinks(filepath.Join(d.dir, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}

	// What is known of the demo's people lies in the program and before the eyes
	// of whoever runs it; it must not lie in what the program keeps.
	kept := newSearch(append(d.known(t), canaries...))
	kept.content("pg_dump", dump)
	if !bytes.Contains(dump, []byte(reports[0])) {
		t.Error("the dump does not even hold a report's number: it is not a dump of this database")
	}
	kept.folder(t, d.dir, ours, "ready.json", "guichet.toml", "idpsim.toml") // the providers know their people
	kept.folder(t, data, ours)
	kept.folder(t, temporary, ours)
	if kept.bytes < 30<<20 || kept.wal == 0 {
		t.Errorf("searched %d bytes, %d of them write-ahead log: that is not all", kept.bytes, kept.wal)
	}
	elsewhere := newSearch(canaries)
	if err := elsewhere.file(d.log); err != nil {
		t.Error(err)
	}
	for name := range entries(t, "/tmp") {
		if !before[name] && !strings.HasPrefix(name, "go-") { // the compiler's
			elsewhere.folder(t, filepath.Join("/tmp", name), others)
		}
	}
	for _, hit := range append(kept.hits, elsewhere.hits...) {
		t.Error(hit)
	}
	t.Logf("%d files and %d MB searched for %d patterns; elsewhere %d and %d MB", kept.files, kept.bytes>>20, len(kept.patterns), elsewhere.files, elsewhere.bytes>>20)
}

// entries are the names in a folder.
func entries(t *testing.T, folder string) map[string]bool {
	t.Helper()
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, entry := range list {
		names[entry.Name()] = true
	}
	return names
}

// known are the fixed texts that tell the demo's people from others.
func (d *demo) known(t *testing.T) []canary {
	t.Helper()
	var all []canary
	for _, p := range d.people(t, "unknown") {
		all = append(all, canary{"refused family name", p.Traits.Family})
	}
	for _, p := range d.Ready.People {
		if p.Traits.INS != "" {
			all = append(all, canary{"INS of " + p.Login, p.Traits.INS})
		}
	}
	return all
}

// release sends canaries by every way in, and returns them with the numbers of
// the reports that hold some.
func (d *demo) release(t *testing.T, patient person) ([]canary, []string) {
	t.Helper()
	var stranger person
	stranger.Traits.Family, stranger.Traits.Given = "Zq"+letters(10), "Xw"+letters(10)
	stranger.Traits.Birthdate, stranger.Traits.Gender, stranger.Traits.Birthplace = "1951-02-27", "female", "75112"
	stranger.Traits.Local = "9" + digits(9)
	canaries := []canary{{"family name", stranger.Traits.Family}, {"given name", stranger.Traits.Given}, {"local identifier", stranger.Traits.Local}}
	add := func(what, text string) string {
		canaries = append(canaries, canary{what, text})
		return text
	}

	accept := func(who string, p person) findings {
		f := findings{value: add(who+"'s value", digits(10)), text: add(who+"'s text", "Texte"+letters(14)),
			comment: add(who+"'s comment", "Remarque"+letters(14)), pdf: add(who+"'s PDF", "Annexe"+letters(14)), prescriber: add(who+"'s prescriber", "Dr"+letters(12))}
		if a := d.sendHL7(t, f.message(p, "C"+letters(8)).bytes()); a.code != "AA" {
			t.Fatalf("%s: answer %s", who, a.raw)
		}
		return f
	}
	accept("the stranger", stranger)
	own := accept("the patient", patient)

	// Quarantined: a patient who cannot be told, and what is no message.
	nobody := stranger
	nobody.Traits.Family, nobody.Traits.Local, nobody.Traits.Birthdate = add("quarantined name", "Qy"+letters(10)), add("quarantined identifier", "8"+digits(9)), ""
	if a := d.sendHL7(t, singleResult(nobody, "Q"+letters(8), add("quarantined value", digits(10))).bytes()); a.code == "AA" {
		t.Fatal("a patient without a birth date was accepted")
	}
	if a := d.sendHL7(t, []byte("MSH|^~\\&|ESSAI|LABO|GUICHET|HOP|20261120||ORU^R01|M"+letters(8)+"|P|2.5\rPID|1\rOBX|1|NM|"+add("malformed text", "Malforme"+letters(12))+"\r")); a.code == "AA" {
		t.Fatal("a malformed message was accepted")
	}

	reports := d.readAll(t, patient, own, add)

	for _, p := range d.people(t, "unknown") {
		if page := d.client(t).signIn(p.Login, p.Provider); page.status != http.StatusForbidden {
			t.Fatalf("sign-in of %s: status %d, want 403", p.Login, page.status)
		}
	}
	c := d.client(t)
	attack := c.get("/reports?q=" + url.QueryEscape("<script>alert('"+add("attack in a query", "Requete"+letters(12))+"')</script>"))
	form := c.post("/logout", url.Values{"q": {"' OR 1=1 UNION SELECT " + add("attack in a body", "Corps"+letters(12)) + " FROM users --"}})
	if attack.status != http.StatusForbidden || form.status != http.StatusForbidden {
		t.Fatalf("attacks: status %d and %d, want 403 from the firewall", attack.status, form.status)
	}
	return canaries, reports
}

// readAll signs the patient in, adding what the browser and the providers
// exchange in secret, and opens every kind of page.
func (d *demo) readAll(t *testing.T, p person, own findings, add func(what, text string) string) (reports []string) {
	t.Helper()
	c := d.client(t)
	form := c.follow(c.get("/login/" + p.Provider)).form(t)
	form.values.Set("login", p.Login)
	answer := c.submit(form)
	callback, err := answer.url.Parse(answer.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"code", "state"} {
		if add(name, callback.Query().Get(name)) == "" {
			t.Fatalf("the provider's answer has no %s", name)
		}
	}
	if home := c.follow(answer); home.status != http.StatusOK {
		t.Fatalf("home: status %d", home.status)
	}
	for _, cookie := range c.cookies() {
		add("cookie "+cookie.Name, cookie.Value)
		if raw, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil && len(raw) == 32 {
			add("session token", string(raw))
		}
	}
	links := c.get("/reports").reports(t)
	for _, link := range links {
		page := c.get(link)
		if page.status != http.StatusOK {
			t.Fatalf("report: status %d", page.status)
		}
		if !strings.Contains(page.body, own.text) {
			continue
		}
		reports = append(reports, path.Base(link))
		for _, want := range []string{own.value, own.comment, own.prescriber} {
			if !strings.Contains(strings.ReplaceAll(page.body, "\u202f", ""), want) {
				t.Errorf("the report does not show %q", want)
			}
		}
		if original := c.get(link + "/original.pdf"); !strings.Contains(original.body, own.pdf) {
			t.Errorf("the original does not hold its text: status %d", original.status)
		}
	}
	if len(reports) != 1 {
		t.Fatalf("%d reports show the canaries, want 1", len(reports))
	}
	if log := c.get("/access-log"); log.status != http.StatusOK {
		t.Fatalf("access log: status %d", log.status)
	}
	c.signOut()
	return reports
}

// findings are the canaries in a report.
type findings struct{ value, text, comment, pdf, prescriber string }

func (f findings) message(p person, control string) message {
	pdf := base64.StdEncoding.EncodeToString([]byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n% " + f.pdf + "\ntrailer<</Root 1 0 R>>\n%%EOF\n"))
	return parse([]byte(fmt.Sprintf("MSH|^~\\&|ESSAI|LABO|GUICHET|HOP|20261120101500+0100||ORU^R01^ORU_R01|%[1]s|P|2.5|||||FRA|UNICODE UTF-8\r"+
		"PID|1\rORC|RE|D%[1]s^HOP|B%[1]s^LABO\r"+
		"OBR|1|D%[1]s^HOP|B%[1]s^LABO|58410-2^Hémogramme^LN|||20261120081500+0100|||||||||10000000011^%[6]s^Anne^^^Dr||||||20261120101500+0100|||F\r"+
		"OBX|1|NM|26515-7^Plaquettes^LN||%[2]s|G/L|150 - 400|N|||F|||20261120081500+0100\r"+
		"NTE|1||%[4]s\r"+
		"OBX|2|TX|8251-1^Commentaire^LN||%[3]s||||||F|||20261120081500+0100\r"+
		"OBX|3|ED|11502-2^Compte rendu^LN||^application^pdf^Base64^%[5]s||||||F\r", control, f.value, f.text, f.comment, pdf, f.prescriber))).about(p)
}

// superuser runs a program of the server's as the cluster's superuser, by the
// name that the kernel vouches for, and returns what it prints.
func (d *demo) superuser(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	u, err := url.Parse(d.Ready.Database.Owner)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User("postgres")
	command := exec.Command(filepath.Join(filepath.Dir(psql(t)), program), append(args, "--dbname", u.String())...) // #nosec G204 -- the server's own programs
	var failed strings.Builder
	command.Stderr = &failed
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, failed.String())
	}
	return out
}

// letters and digits are n that nobody else writes.
func letters(n int) string { return drawn("bcdfghjkmnpqrstvwxz", n) }
func digits(n int) string  { return drawn("123456789", n) }

func drawn(alphabet string, n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}
