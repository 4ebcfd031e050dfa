package main

import (
	"encoding/csv"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/envelope"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"

	"github.com/google/uuid"
)

// counter is an installation where a patient's report has been deposited under
// the name in use, so that the patient is not recognised.
type counter struct {
	*storetest.Database
	config  string
	portal  *store.Store
	camille record.Identity
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	d := storetest.New(t)
	c := &counter{Database: d, config: installation(t, d),
		camille: record.Identity{Family: "LEFÈVRE", Given: "Camille", Birthdate: "1984-03-14", Sex: record.Female, Birthplace: "75112"}}
	if code, _, errOut := guichet(t.Context(), "keys", "init", "--config", c.config); code != good {
		t.Fatal(errOut)
	}
	keys, err := envelope.OpenFiles(filepath.Join(filepath.Dir(c.config), "master"), filepath.Join(filepath.Dir(c.config), "ring"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(role string) *store.Store {
		s, err := store.Open(t.Context(), store.Options{URL: d.URL(role), Password: d.Password(role), Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	c.portal = open("guichet_portal")
	feed, intake := storetest.Request(), open("guichet_intake")
	if err := intake.OpenFeed(t.Context(), feed, "AB:CD", "Laboratoire", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	who := c.camille
	who.Family = "MOREAU"
	if _, err := intake.Deposit(t.Context(), feed, &store.Deposit{Sender: "LABO|CHB", Control: "1", Raw: []byte("MSH|1"), Identity: who, Contact: record.Contact{Phone: "+33612345678", Address: "=1+1, 75012 Paris"},
		Identifiers: []record.Identifier{{Authority: "HOP", Value: "4711"}, {Authority: record.OIDNIRTest, Value: "284037511200149"}}}); err != nil {
		t.Fatal(err)
	}
	return c
}

// signIn signs Camille in, with or without a code.
func (c *counter) signIn(t *testing.T, code record.ActivationCode) (store.Request, *store.Refusal) {
	t.Helper()
	req := storetest.Request()
	_, err := c.portal.SignIn(t.Context(), req, store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub",
		State: req.ID.String(), Role: record.RolePatient, Identity: c.camille, Code: code,
		Evidence: store.Evidence{IDToken: "a token", Subject: "sub", Nonce: req.ID.String()}})
	refusal, ok := errors.AsType[*store.Refusal](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	return req, refusal
}

func (c *counter) run(t *testing.T, want int, says string, args ...string) string {
	t.Helper()
	code, out, errOut := guichet(t.Context(), append(args, "--config", c.config)...)
	if code != want || !strings.Contains(out+errOut, says) {
		t.Errorf("guichet %s: got %d, %q, %q, want %d and %q", strings.Join(args, " "), code, out, errOut, want, says)
	}
	return out
}

// TestCodes: an operator makes a code, the letter holds it, the person uses it.
func TestCodes(t *testing.T) {
	c := newCounter(t)
	c.run(t, good, "Aucun code.", "codes", "list")
	c.run(t, misuse, "--patient NUMBER", "codes", "new")
	c.run(t, misuse, "from 1 to 90", "codes", "new", "--patient", "4711", "--days", "91")
	c.run(t, misuse, "not an INS", "codes", "new", "--ins", "284037511200150")
	c.run(t, failed, "aucun patient", "codes", "new", "--patient", "4712")

	first := c.run(t, good, "Connectez-vous avec FranceConnect", "codes", "new", "--patient", "4711")
	letter := c.run(t, good, "Camille MOREAU", "codes", "new", "--ins", "2 84 03 75 112 001 49")
	printed := regexp.MustCompile(`([0-9A-Z]{4}-){6}[0-9A-Z]{4}`)
	code, err := record.ParseActivationCode(printed.FindString(letter))
	if err != nil || !strings.Contains(letter, "Hôpital d’essai") || strings.Contains(letter, "MSH") {
		t.Fatalf("%v in the letter\n%s", err, letter)
	}
	former, err := record.ParseActivationCode(printed.FindString(first))
	if err != nil {
		t.Fatal(err)
	}
	if _, refusal := c.signIn(t, former); refusal == nil || refusal.Reason != "code" {
		t.Errorf("a code that was replaced: got %v", refusal)
	}
	if _, refusal := c.signIn(t, code); refusal != nil {
		t.Fatal(refusal)
	}
	list := c.run(t, good, "utilisé", "codes", "list")
	if !strings.Contains(list, "remplacé") || printed.MatchString(list) {
		t.Errorf("got %s", list)
	}
	used := regexp.MustCompile(`(?m)^(\S+) .*utilisé`).FindStringSubmatch(list)[1]
	c.run(t, failed, "aucun code en cours", "codes", "revoke", used)
	c.run(t, misuse, "as in the list", "codes", "revoke", string(code))
	c.run(t, failed, "déjà celui d'un compte", "codes", "new", "--patient", "4711")
}

// TestIdentities: list, show, compare, link; the person is let in.
func TestIdentities(t *testing.T) {
	c := newCounter(t)
	c.run(t, good, "Personne n'attend.", "identities", "list")
	_, refusal := c.signIn(t, "")
	if refusal == nil {
		t.Fatal("signed in without a record")
	}
	reference := refusal.Reference
	if list := c.run(t, good, reference, "identities", "list"); strings.Contains(list, "Camille") || strings.Contains(list, "LEF") {
		t.Errorf("the list names people:\n%s", list)
	}
	c.run(t, good, "LEFÈVRE", "identities", "show", reference)
	c.run(t, failed, "personne n'attend", "identities", "show", "0000-0000")
	link := []string{"identities", "link", reference, "--patient", "4711", "--evidence", "civil-status"}
	if shown := c.run(t, good, "Rien n'est fait", link...); !strings.Contains(shown, "MOREAU") || strings.Count(shown, "≠") != 2 {
		t.Errorf("compared: got\n%s", shown)
	}
	if _, refusal := c.signIn(t, ""); refusal == nil {
		t.Fatal("linked without --yes")
	}
	c.run(t, misuse, "evidence", "identities", "link", reference, "--patient", "4711", "--evidence", "because", "--yes")
	c.run(t, good, "Fait", append(link, "--yes")...)
	if _, refusal := c.signIn(t, ""); refusal != nil {
		t.Errorf("after the decision: %v", refusal)
	}
	c.run(t, failed, "personne n'attend", append(link, "--yes")...)
	c.run(t, failed, "personne n'attend", "identities", "refuse", reference, "--reason", "unknown-here")
}

// TestAccounts: an operator suspends an account; the session that was open ends.
func TestAccounts(t *testing.T) {
	c := newCounter(t)
	c.run(t, good, "Aucun compte.", "accounts", "list")
	letter := c.run(t, good, "", "codes", "new", "--patient", "4711")
	code, err := record.ParseActivationCode(regexp.MustCompile(`([0-9A-Z]{4}-){6}[0-9A-Z]{4}`).FindString(letter))
	if err != nil {
		t.Fatal(err)
	}
	req, refusal := c.signIn(t, code)
	if refusal != nil {
		t.Fatal(refusal)
	}
	list := c.run(t, good, "ouvert", "accounts", "list", "--patient", "4711")
	account := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(list)
	c.run(t, misuse, "reason", "accounts", "suspend", account)
	c.run(t, good, "suspendu", "accounts", "suspend", account, "--reason", "usurpation")
	if s, err := c.portal.LoadSession(t.Context(), req, false); err != nil || s.Ended != record.EndAdmin {
		t.Errorf("the session: got %+v, %v", s, err)
	}
	c.run(t, failed, "n'est pas ouvert", "accounts", "keep", account)
	c.run(t, failed, "déjà suspendu", "accounts", "suspend", account, "--reason", "review")
	c.run(t, good, "suspendu", "accounts", "list")
	c.run(t, good, "ouvert de nouveau", "accounts", "restore", account, "--reason", "identity-proved")
	c.run(t, good, "Aucun compte.", "accounts", "list")
	c.run(t, good, "Aucun compte.", "accounts", "reviews")
	c.run(t, good, "maintenu", "accounts", "keep", account)
	c.run(t, good, "bloqué", "accounts", "block", account, "--reason", "death")
	if _, refusal := c.signIn(t, ""); refusal == nil || refusal.Reason != "account-blocked" {
		t.Errorf("sign-in: got %v", refusal)
	}
	c.run(t, misuse, "as in the list", "accounts", "restore", "4711", "--reason", "mistake")
	opened, closed := 0, 0
	if err := c.Superuser(t).QueryRow(`SELECT count(*) FILTER (WHERE type = 'operator.open'), count(*) FILTER (WHERE type = 'operator.close') FROM guichet.trace`).Scan(&opened, &closed); err != nil || opened == 0 || opened != closed {
		t.Errorf("%d sessions of operators opened, %d closed, %v", opened, closed, err)
	}
}

// TestAffected: the list of an incident is a table for a spreadsheet, on
// standard output alone; what it is, is said beside it (GA5).
func TestAffected(t *testing.T) {
	c := newCounter(t)
	from, to := time.Now().Add(-time.Hour).Format(time.RFC3339), time.Now().Add(time.Hour).Format(time.RFC3339)
	window := func(more ...string) []string {
		return append([]string{"affected", "--from", from, "--to", to}, more...)
	}
	c.run(t, misuse, "--from", "affected")
	c.run(t, misuse, "31 days", "affected", "--from", to, "--to", from)
	c.run(t, misuse, "a network", window("--address", "192.0.2")...)
	c.run(t, failed, "aucun patient", window("--patient", "4712")...)
	c.run(t, good, "Données personnelles", window()...)

	list, err := csv.NewReader(strings.NewReader(c.run(t, good, "tracé", window("--ins", "284037511200149", "--address", "192.0.2.0/24")...))).ReadAll()
	if err != nil || len(list) != 2 || strings.Join(list[0], " ") != "kind name birthdate mail phone address first last entries" {
		t.Fatalf("got %q, %v", list, err)
	}
	if got := strings.Join(list[1][:6], "|"); got != "patient|Camille MOREAU|1984-03-14||+33612345678|'=1+1, 75012 Paris" || list[1][8] != "2" {
		t.Errorf("got %q", list[1])
	}
	c.run(t, good, "1 lignes", window("--ins", "284037511200149", "--address", "203.0.113.1", "--address", "192.0.2.0/24,198.51.100.1")...)
	c.run(t, good, "0 lignes", window("--account", uuid.NewString()+","+uuid.NewString(), "--session", uuid.NewString())...)
	if none := c.run(t, good, "0 lignes", window("--address", "203.0.113.1")...); strings.Count(none, "\n") != 1 {
		t.Errorf("from an address that nobody came from: %s", none)
	}
}
