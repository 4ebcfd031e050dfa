package store_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// incident is an installation at a time that does not pass, whose feed, users
// and operator each come from an address of their own.
type incident struct {
	*counter
	at time.Time
}

const (
	feedNetwork  = "198.51.100.9/32"
	usersNetwork = "192.0.2.0/24"
)

func newIncident(t *testing.T) *incident {
	t.Helper()
	x := &incident{counter: newCounter(t), at: time.Now().Add(time.Minute).Truncate(time.Second)}
	x.operator.Address, x.feed.Address = netip.IPv6Loopback(), netip.MustParsePrefix(feedNetwork).Addr()
	x.SetClock(t, x.at)
	return x
}

func (x *incident) depositOf(t *testing.T, who record.Identity, local, control string, contact record.Contact) record.ReportID {
	t.Helper()
	d := bloodCount(who, local, control, "O"+control, "11.2", sampled)
	d.Contact = contact
	return x.deposit(t, d).Reports[0].ID
}

// signInAs signs somebody in who has told the provider their mail.
func (x *incident) signInAs(t *testing.T, who record.Identity, subject string, role record.Role, mail string) store.Request {
	t.Helper()
	req, provider := storetest.Request(), "franceconnect"
	if role.IsClinician() {
		provider = "psc"
	}
	if _, err := x.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: provider, Issuer: "https://fc.example", Subject: subject,
		State: req.ID.String(), Role: role, Identity: who, Mail: mail})); err != nil {
		t.Fatal(err)
	}
	return req
}

// list writes whom an incident of the minute affects, a line each.
func (x *incident) list(t *testing.T, change func(*store.Incident)) string {
	t.Helper()
	of := store.Incident{From: x.at, To: x.at.Add(time.Minute)}
	change(&of)
	list, err := x.console.ListAffected(t.Context(), x.operator, of)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, a := range list {
		lines = append(lines, fmt.Sprintf("%s %s %s %s/%s/%s %d", a.Kind, a.Name, a.Birthdate, a.Contact.Mail, a.Contact.Phone, a.Contact.Address, a.Entries))
	}
	return strings.Join(lines, "\n")
}

func within(network string) func(*store.Incident) {
	return func(of *store.Incident) { of.Networks = []netip.Prefix{netip.MustParsePrefix(network)} }
}

// idOf returns the one identifier that a query gives.
func (x *incident) idOf(t *testing.T, query string, args ...any) *uuid.UUID {
	t.Helper()
	var id uuid.UUID
	if err := x.Superuser(t).QueryRow(query, args...).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return &id
}

// TestWhomAnIncidentAffects: users who acted and patients whose data it was, one
// of whom never signed in, and nobody else (GA5.a, GA5.b).
func TestWhomAnIncidentAffects(t *testing.T) {
	x := newIncident(t)
	report := x.depositOf(t, camille, "100", "C1", record.Contact{Phone: "0612345678"})
	x.depositOf(t, lea, "200", "C2", record.Contact{Mail: "lea@exemple.fr", Address: "3 rue du Port, 69001 Lyon"})
	req := x.signInAs(t, camille, "sub", record.RolePatient, "camille@exemple.fr")
	if _, err := x.portal.ReadReport(t.Context(), req, report); err != nil {
		t.Fatal(err)
	}
	x.SetClock(t, x.at.Add(time.Minute)) // the window is over
	nina := record.Identity{Family: "PETIT", Given: "Nina", Birthdate: "1991-05-05", Sex: record.Female, Birthplace: "75101"}
	x.depositOf(t, nina, "300", "C3", record.Contact{Phone: "0699999999"})
	x.SetClock(t, x.at.Add(2*time.Minute)) // what the operator asks for is an entry too

	const (
		user  = "user Camille Moreau 1984-03-14 camille@exemple.fr// "
		hers  = "patient Camille Moreau 1984-03-14 /0612345678/ "
		leas  = "patient Léa ŒUVRARD 1990-01-02 lea@exemple.fr//3 rue du Port, 69001 Lyon 2" // contact and report
		ninas = "patient Nina PETIT 1991-05-05 /0699999999/ 2"
	)
	session := x.idOf(t, `SELECT session FROM guichet.trace WHERE type = 'report.read'`)
	account := x.idOf(t, `SELECT account FROM guichet.trace WHERE type = 'report.read'`)
	for _, c := range []struct {
		name   string
		change func(*store.Incident)
		want   []string
	}{
		{"the feed's address", within(feedNetwork), []string{hers + "2", leas}},
		{"the users' network", within(usersNetwork), []string{user + "2", hers + "2"}},
		{"another address", within("203.0.113.1/32"), nil},
		{"any address", func(*store.Incident) {}, []string{user + "2", hers + "4", leas}},
		{"before", func(of *store.Incident) { of.From, of.To = of.From.Add(-30*time.Second), of.From }, nil},
		{"after", func(of *store.Incident) { of.From, of.To = of.To, of.To.Add(time.Minute) }, []string{ninas}},
		{"a session", func(of *store.Incident) { of.Sessions = []uuid.UUID{*session} }, []string{user + "2", hers + "2"}},
		{"another session", func(of *store.Incident) { of.Sessions = []uuid.UUID{*account} }, nil},
		{"an account", func(of *store.Incident) { of.Accounts = []uuid.UUID{*account} }, []string{user + "2", hers + "2"}},
		{"several accounts", func(of *store.Incident) { of.Accounts = []uuid.UUID{*session, *account} }, []string{user + "2", hers + "2"}},
		{"several networks", func(of *store.Incident) {
			of.Networks = []netip.Prefix{netip.MustParsePrefix("203.0.113.1/32"), netip.MustParsePrefix(usersNetwork), netip.MustParsePrefix(feedNetwork)}
		}, []string{user + "2", hers + "4", leas}},
		{"an account that did nothing from a network", func(of *store.Incident) {
			of.Accounts, of.Networks = []uuid.UUID{*account}, []netip.Prefix{netip.MustParsePrefix(feedNetwork)}
		}, nil},
		{"a patient", func(of *store.Incident) { of.Patient = &record.Identifier{Authority: "HOP", Value: "200"} }, []string{leas}},
		{"a report", func(of *store.Incident) { id := uuid.UUID(report); of.Report = &id }, []string{user + "1", hers + "2"}},
	} {
		if diff := cmp.Diff(strings.Join(c.want, "\n"), x.list(t, c.change)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestAffectedByACaregiver: a session in which records of others were read
// concerns all of them (GA5.b).
func TestAffectedByACaregiver(t *testing.T) {
	x := newIncident(t)
	doctor := x.signInAs(t, record.Identity{Family: "LEMAIRE", Given: "Pascale"}, "psc", record.RolePhysician, "")
	who := []record.Identity{camille, lea, {Family: "PETIT", Given: "Nina", Birthdate: "1991-05-05", Sex: record.Female, Birthplace: "75101"}}
	for i, one := range who {
		report := x.depositOf(t, one, fmt.Sprint(100+i), fmt.Sprint("C", i), record.Contact{Phone: fmt.Sprint("061234567", i)})
		if _, err := x.Superuser(t).Exec(`INSERT INTO guichet.grants (id, account, patient, kind, purpose, starts, made_by, entry)
			SELECT gen_random_uuid(), a.id, r.patient, 'care', 'care', $2, a.id, 0 FROM guichet.account a, guichet.report r WHERE a.role = 'physician' AND r.id = $1`, report.String(), x.at); err != nil {
			t.Fatal(err)
		}
		if _, err := x.portal.ReadReport(t.Context(), doctor, report); err != nil {
			t.Fatal(err)
		}
	}
	session := x.idOf(t, `SELECT DISTINCT session FROM guichet.trace WHERE type = 'report.read'`)
	got := x.list(t, func(of *store.Incident) { of.Sessions = []uuid.UUID{*session} })
	want := "patient Camille Moreau 1984-03-14 /0612345670/ 1\npatient Léa ŒUVRARD 1990-01-02 /0612345671/ 1\npatient Nina PETIT 1991-05-05 /0612345672/ 1\nuser Pascale LEMAIRE  // 4"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAffectedIsTraced: the entry names who was handed over, and nothing else is.
func TestAffectedIsTraced(t *testing.T) {
	x := newIncident(t)
	x.depositOf(t, camille, "100", "C1", record.Contact{Phone: "0612345678"})
	x.depositOf(t, lea, "200", "C2", record.Contact{Mail: "lea@exemple.fr"})
	x.signInAs(t, camille, "sub", record.RolePatient, "camille@exemple.fr")
	x.list(t, within(usersNetwork))
	var entry int64
	var outcome, named string
	if err := x.Superuser(t).QueryRow(`SELECT t.id, t.outcome, (SELECT string_agg(n.kind || ' ' || n.version, ', ' ORDER BY n.kind) FROM unnest(t.kinds, t.versions) AS n (kind, version))
		FROM guichet.trace t WHERE t.type = 'affected.read'`).Scan(&entry, &outcome, &named); err != nil {
		t.Fatal(err)
	}
	if outcome != "granted" || named != "account 1, contact 1, patient 1" {
		t.Errorf("the entry is %s and names %s", outcome, named)
	}
	handed := func(entry int64) string {
		return strings.Join(column(t, x.SQL(t, "guichet_console"), fmt.Sprintf(`SELECT kind FROM guichet.receive('\x%x', %d) ORDER BY kind`, x.operator.Token, entry)), ", ")
	}
	if got := handed(entry); got != "account, contact, first, first, last, last, patient" {
		t.Errorf("handed over: %s", got)
	}
	x.list(t, within(feedNetwork))
	if got := handed(entry + 1); got != "contact, contact, first, first, last, last, patient, patient" {
		t.Errorf("handed over: %s", got)
	}
	x.SetClock(t, x.at.Add(5*time.Second))
	if got := handed(entry + 1); got != "" {
		t.Errorf("handed over again, later: %s", got)
	}
}

// TestAffectedRefused: too wide a window, no such patient, more people than one
// entry names, and whoever is no operator.
func TestAffectedRefused(t *testing.T) {
	x := newIncident(t)
	x.depositOf(t, camille, "100", "C1", record.Contact{})
	ask := func(from, to time.Time, number string) error {
		of := store.Incident{From: from, To: to}
		if number != "" {
			of.Patient = &record.Identifier{Authority: "HOP", Value: number}
		}
		_, err := x.console.ListAffected(t.Context(), x.operator, of)
		return err
	}
	if err := ask(x.at.Add(-store.LongestIncident), x.at, ""); err != nil {
		t.Errorf("31 days: %v", err)
	}
	if err := ask(x.at.Add(-store.LongestIncident), x.at.Add(time.Second), ""); err == nil {
		t.Error("a second more is granted")
	}
	if err := ask(x.at, x.at, ""); err == nil {
		t.Error("no time at all is granted")
	}
	declined := func(err error) string {
		refused, _ := errors.AsType[*store.Declined](err)
		if refused == nil {
			return fmt.Sprint(err)
		}
		return refused.Reason
	}
	if got := declined(ask(x.at, x.at.Add(time.Minute), "999")); got != "absent" {
		t.Errorf("a number that nobody has: got %s", got)
	}
	if _, err := x.Superuser(t).Exec(`WITH many AS (INSERT INTO guichet.patient (id, version, sealed, keyset, opened) SELECT gen_random_uuid(), 1, '', '', $1 FROM generate_series(1, 5001) RETURNING id)
		INSERT INTO guichet.trace (at, type, outcome, reason, kinds, records, versions, entries, login, request, xid, context, bytes)
		SELECT $1, 'report.read', 'granted', 'grant', array_agg('patient'::text), array_agg(id), array_agg(1), '{}', 'guichet_portal', gen_random_uuid(), pg_current_xact_id(), '', '' FROM many`, x.at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := declined(ask(x.at.Add(time.Hour), x.at.Add(2*time.Hour), "")); got != "too-many" {
		t.Errorf("5001 patients: got %s", got)
	}
	if n := x.count(t, `SELECT count(*) FROM guichet.trace WHERE type = 'affected.read' AND outcome = 'refused' AND cardinality(records) + cardinality(entries) > 0`); n != 0 {
		t.Error("what is refused names somebody")
	}
	var entry int64
	token := fmt.Sprintf(`'\x%x'`, x.feed.Token)
	if err := x.SQL(t, "guichet_intake").QueryRow(`SELECT guichet.ask_affected(` + token + `, '{::1}', gen_random_uuid(), now(), now() + interval '1 hour', NULL, NULL, NULL, NULL, NULL)`).Scan(&entry); sqlState(err) != "42501" {
		t.Errorf("a feed asks: got %v", err)
	}
	// With another's token at the console's own role there is no session.
	_, err := x.console.ListAffected(t.Context(), x.feed, store.Incident{From: x.at, To: x.at.Add(time.Minute)})
	if declined(err) != "no-session" {
		t.Errorf("with a feed's token: got %v", err)
	}
}

// TestContactIsKeptInVersions: what a later message brings counts, what it does
// not mention stays, and the same again adds nothing.
func TestContactIsKeptInVersions(t *testing.T) {
	x := newIncident(t)
	for i, said := range []record.Contact{
		{Mail: "avant@exemple.fr", Phone: "0612345678"}, {Mail: "avant@exemple.fr", Phone: "0612345678"}, {Mail: "après@exemple.fr"}, {},
		{Mail: "avant@exemple.fr"}, {Mail: "après@exemple.fr", Address: "3 rue du Port, 75012 Paris"},
	} {
		x.depositOf(t, camille, "100", fmt.Sprint("C", i), said)
	}
	if got := x.entries(t, "patient.contact"); strings.Count(got, "granted feed") != 4 || strings.Count(got, ",") != 3 {
		t.Errorf("traced: %s", got)
	}
	if n := x.count(t, `SELECT count(*) FROM guichet.contact c JOIN guichet.trace t ON t.id = c.entry AND c.id = ANY (t.records) AND t.patient = c.patient`); n != 6 {
		t.Errorf("%d rows under their entry, want 6", n)
	}
	want := "patient Camille Moreau 1984-03-14 après@exemple.fr/0612345678/3 rue du Port, 75012 Paris"
	if got := x.list(t, func(*store.Incident) {}); !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestContactOfAMessageWithoutReport is kept as well.
func TestContactOfAMessageWithoutReport(t *testing.T) {
	x := newIncident(t)
	x.deposit(t, &store.Deposit{Sender: "LABO|CHB", Control: "1", Raw: []byte("{}"), Identity: lea, Identifiers: numbers("200"), Contact: record.Contact{Phone: "0612345678"}})
	if got := x.list(t, within(feedNetwork)); got != "patient Léa ŒUVRARD 1990-01-02 /0612345678/ 2" {
		t.Errorf("got %s", got)
	}
}

// TestContactMoved to another patient, or taken for another way, does not open.
func TestContactMoved(t *testing.T) {
	for name, alter := range map[string]string{
		"to another patient": `UPDATE guichet.contact c SET patient = (SELECT p.id FROM guichet.patient p WHERE p.id <> c.patient)`,
		"to another way":     `UPDATE guichet.contact SET way = 'address'`,
	} {
		t.Run(name, func(t *testing.T) {
			x := newIncident(t)
			x.depositOf(t, camille, "100", "C1", record.Contact{Phone: "0612345678"})
			x.depositOf(t, lea, "200", "C2", record.Contact{})
			if _, err := x.Superuser(t).Exec(alter); err != nil {
				t.Fatal(err)
			}
			_, err := x.console.ListAffected(t.Context(), x.operator, store.Incident{From: x.at, To: x.at.Add(time.Minute)})
			if fault.KindOf(err) != fault.Tampered || x.entries(t, "integrity") == "" {
				t.Errorf("got %v, traced %q", err, x.entries(t, "integrity"))
			}
		})
	}
}

// TestMailOfAnAccount: the latest that a provider gave counts; one that gives
// none takes nothing away (GA5.a).
func TestMailOfAnAccount(t *testing.T) {
	x := newIncident(t)
	x.depositOf(t, camille, "100", "C1", record.Contact{})
	for _, said := range []struct{ mail, kept string }{{"", ""}, {"avant@exemple.fr", "avant@exemple.fr"}, {"après@exemple.fr", "après@exemple.fr"}, {"", "après@exemple.fr"}} {
		x.signInAs(t, camille, "sub", record.RolePatient, said.mail)
		if got := x.list(t, within(usersNetwork)); !strings.Contains(got, "user Camille Moreau 1984-03-14 "+said.kept+"// ") {
			t.Errorf("told %q: got %s", said.mail, got)
		}
	}
	if got := x.entries(t, "account.traits"); got != "granted own-account, granted own-account" {
		t.Errorf("traced: %s", got)
	}
}
