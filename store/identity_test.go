package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"

	"github.com/google/uuid"
)

// counter is a world with an operator at its console.
type counter struct {
	*world
	console  *store.Store
	operator store.Request
}

func newCounter(t testing.TB) *counter {
	t.Helper()
	c := &counter{world: newWorld(t)}
	c.console, c.operator = c.Open(t, "guichet_console"), storetest.Request()
	if err := c.console.OpenOperator(t.Context(), c.operator, "admin", limits); err != nil {
		t.Fatal(err)
	}
	return c
}

// record deposits a report of a patient and returns their number.
func (c *counter) record(t testing.TB, who record.Identity, local string) record.Identifier {
	t.Helper()
	c.deposit(t, bloodCount(who, local, "C"+local, "O"+local, "11.2", sampled))
	return record.Identifier{Authority: "HOP", Value: local}
}

func (c *counter) patient(t testing.TB, number record.Identifier) *record.Patient {
	t.Helper()
	p, err := c.console.FindPatient(t.Context(), c.operator, number)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *counter) makeCode(t testing.TB, number record.Identifier) record.ActivationCode {
	t.Helper()
	code, _, err := c.console.MakeCode(t.Context(), c.operator, c.patient(t, number), store.CodeLifetime)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// activate signs in with a code, under a proof of its own.
func (c *counter) activate(t testing.TB, who record.Identity, subject string, code record.ActivationCode) (store.Request, error) {
	t.Helper()
	req := storetest.Request()
	_, err := c.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: subject,
		State: req.ID.String(), Role: record.RolePatient, Identity: who, Code: code}))
	return req, err
}

func (c *counter) entries(t testing.TB, event string) string {
	t.Helper()
	rows, err := c.Superuser(t).Query(`SELECT outcome || ' ' || reason FROM guichet.trace WHERE type = $1 ORDER BY id`, event)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

// TestActivationCode: one person, one record, once (AA6.a).
func TestActivationCode(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, family("MOREAU"), "100") // under the name in use
	who := person(nil)
	if _, err := c.trySignIn(t, who, "sub"); outcomeOf(err) != "no-match" {
		t.Fatal(err)
	}
	code := c.makeCode(t, number)
	if n := c.count(t, `SELECT count(*) FROM guichet.activation_code WHERE hash = sha256($1::bytea) AND expires = at + interval '30 days'`, []byte(code)); n != 1 {
		t.Errorf("%d rows hold the code's hash for thirty days", n)
	}
	for _, wrong := range []struct {
		name string
		who  record.Identity
		code record.ActivationCode
		want string
	}{
		{"another code", who, record.NewActivationCode(), "code"},
		{"another birth date", born("1984-03-15"), code, "code-traits"},
		{"another sex", person(func(i *record.Identity) { i.Sex = record.Male }), code, "code-traits"},
	} {
		if _, err := c.activate(t, wrong.who, "sub-"+wrong.name, wrong.code); outcomeOf(err) != wrong.want {
			t.Errorf("%s: got %v, want %s", wrong.name, err, wrong.want)
		}
	}
	req, err := c.activate(t, who, "sub", code)
	if err != nil {
		t.Fatal("the right code:", err)
	}
	home, err := c.portal.ReadHome(t.Context(), req)
	if err != nil || home.Patient == nil || len(home.Reports) != 1 {
		t.Fatalf("home: got %+v, %v", home, err)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.grants WHERE kind = 'self' AND evidence = 'code'`); n != 1 {
		t.Errorf("%d grants by a code", n)
	}
	if _, err := c.activate(t, who, "somebody-else", code); outcomeOf(err) != "code" {
		t.Errorf("the code again, by another: got %v", err)
	}
	if _, err := c.activate(t, who, "sub", code); outcomeOf(err) != "already-linked" {
		t.Errorf("the code again, by the same: got %v", err)
	}
	if _, err := c.trySignIn(t, who, "sub"); err != nil {
		t.Errorf("the next sign-in: %v", err)
	}
	list, err := c.console.ListCodes(t.Context(), c.operator)
	if err != nil || len(list) != 1 || list[0].State != "used" {
		t.Errorf("list: got %+v, %v", list, err)
	}
}

// TestOneProofServesOnce: a wrong code leaves the provider's answer good for
// another try, the right one does not.
func TestOneProofServesOnce(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, family("MOREAU"), "100")
	code := c.makeCode(t, number)
	try := func(state, subject string, code record.ActivationCode) string {
		_, err := c.portal.SignIn(t.Context(), storetest.Request(), evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: subject,
			State: state, Role: record.RolePatient, Identity: person(nil), Code: code}))
		return outcomeOf(err)
	}
	if got := try("proof", "sub", record.NewActivationCode()); got != "code" {
		t.Errorf("wrong: got %s", got)
	}
	if got := try("proof", "sub", code); got != signedIn {
		t.Errorf("right: got %s", got)
	}
	if got := try("proof", "sub", code); got != "state-used" {
		t.Errorf("again: got %s", got)
	}
}

func TestCodeThatServesNoMore(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(*testing.T, *counter, record.Identifier)
		want string
	}{
		{"expired", func(t *testing.T, c *counter, _ record.Identifier) { c.SetClock(t, time.Now().Add(store.CodeLifetime)) }, "expired"},
		{"replaced by another", func(t *testing.T, c *counter, number record.Identifier) { c.makeCode(t, number) }, "replaced"},
		{"revoked", func(t *testing.T, c *counter, _ record.Identifier) {
			list, err := c.console.ListCodes(t.Context(), c.operator)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			if err := c.console.RevokeCode(t.Context(), c.operator, list[0].ID); err != nil {
				t.Fatal(err)
			}
			if err := c.console.RevokeCode(t.Context(), c.operator, list[0].ID); err == nil {
				t.Error("revoked twice")
			}
		}, "revoked"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCounter(t)
			number := c.record(t, family("MOREAU"), "100")
			code := c.makeCode(t, number)
			x.do(t, c, number)
			if _, err := c.activate(t, person(nil), "sub", code); outcomeOf(err) != "code" {
				t.Errorf("got %v", err)
			}
			if n := c.count(t, `SELECT count(*) FROM guichet.grants`); n != 0 {
				t.Errorf("%d grants", n)
			}
		})
	}
}

// TestManyTryOneCode at once: one of them gets in.
func TestManyTryOneCode(t *testing.T) {
	c := newCounter(t)
	const rounds, people = 4, 12
	for round := range rounds {
		who := born(fmt.Sprintf("1984-03-%02d", 14+round))
		who.Family = "MOREAU"
		code := c.makeCode(t, c.record(t, who, fmt.Sprint(100+round)))
		outcomes := make(chan string, people)
		var wait sync.WaitGroup
		for range people {
			wait.Go(func() {
				_, err := c.activate(t, who, uuid.NewString(), code)
				outcomes <- outcomeOf(err)
			})
		}
		wait.Wait()
		close(outcomes)
		in := 0
		for got := range outcomes {
			switch got {
			case signedIn:
				in++
			case "code", "already-linked":
			default:
				t.Errorf("got %s", got)
			}
		}
		if in != 1 || c.count(t, `SELECT count(*) FROM guichet.grants`) != round+1 || c.count(t, `SELECT count(*) FROM guichet.session s JOIN guichet.account a ON a.id = s.account WHERE a.role = 'patient'`) != round+1 {
			t.Errorf("%d got in", in)
		}
	}
}

// TestNoCodeForALinkedRecord: it would be refused when it is typed.
func TestNoCodeForALinkedRecord(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, person(nil), "100")
	c.signIn(t, person(nil), "sub")
	_, _, err := c.console.MakeCode(t.Context(), c.operator, c.patient(t, number), store.CodeLifetime)
	if refused, ok := errors.AsType[*store.Declined](err); !ok || refused.Reason != "already-linked" {
		t.Errorf("got %v", err)
	}
}

// TestReconciliation: an operator decides, and the next sign-in takes effect.
func TestReconciliation(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, family("MOREAU"), "100")
	_, err := c.trySignIn(t, person(nil), "sub")
	refusal, _ := errors.AsType[*store.Refusal](err)
	if refusal == nil || refusal.Reason != "no-match" || !refusal.Linkable() || len(refusal.Reference) != 9 {
		t.Fatalf("got %v", err)
	}
	if _, err := c.trySignIn(t, person(nil), "sub"); outcomeOf(err) != "no-match" {
		t.Fatal(err)
	}
	list, err := c.console.ListWaiting(t.Context(), c.operator)
	if err != nil || len(list) != 1 || list[0].Reference != refusal.Reference || list[0].Reason != "no-match" || list[0].Identity != (record.Identity{}) {
		t.Fatalf("list: got %+v, %v: want one, without traits", list, err)
	}
	shown, err := c.console.ReadWaiting(t.Context(), c.operator, refusal.Reference)
	if err != nil || shown.Identity != person(nil) || shown.Provider != "franceconnect" {
		t.Fatalf("show: got %+v, %v", shown, err)
	}
	if err := c.console.LinkIdentity(t.Context(), c.operator, refusal.Reference, c.patient(t, number).ID, store.SawDocument, false); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trySignIn(t, born("1984-03-15"), "sub"); outcomeOf(err) != "no-match" {
		t.Errorf("with other traits than those decided on: got %v", err)
	}
	req, err := c.trySignIn(t, person(nil), "sub")
	if err != nil {
		t.Fatal("after the decision:", err)
	}
	if home, err := c.portal.ReadHome(t.Context(), req); err != nil || home.Patient == nil {
		t.Errorf("home: got %+v, %v", home, err)
	}
	if _, err := c.trySignIn(t, person(nil), "sub"); err != nil {
		t.Errorf("the sign-in after: %v", err)
	}
	if got := c.entries(t, "identity.link"); got != "granted identity-document" {
		t.Errorf("traced: %s", got)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.grants WHERE evidence = 'identity-document'`); n != 1 {
		t.Errorf("%d grants on that evidence", n)
	}
}

func TestRefusedIdentityStaysRefused(t *testing.T) {
	c := newCounter(t)
	_, err := c.trySignIn(t, person(nil), "sub")
	refusal, _ := errors.AsType[*store.Refusal](err)
	if err := c.console.RefuseIdentity(t.Context(), c.operator, refusal.Reference, store.UnknownHere); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trySignIn(t, person(nil), "sub"); outcomeOf(err) != "no-match" {
		t.Errorf("got %v", err)
	}
	if list, err := c.console.ListWaiting(t.Context(), c.operator); err != nil || len(list) != 0 {
		t.Errorf("asked again: got %+v, %v", list, err)
	}
	if _, err := c.console.ReadWaiting(t.Context(), c.operator, refusal.Reference); fault.KindOf(err) != fault.NotFound {
		t.Errorf("shown again: %v", err)
	}
}

// TestWaitingExpires, and is taken away.
func TestWaitingExpires(t *testing.T) {
	c := newCounter(t)
	now := time.Now()
	c.SetClock(t, now)
	_, _ = c.trySignIn(t, person(nil), "one")
	_, err := c.trySignIn(t, person(nil), "two")
	refusal, _ := errors.AsType[*store.Refusal](err)
	number := c.record(t, family("MOREAU"), "100")
	if err := c.console.LinkIdentity(t.Context(), c.operator, refusal.Reference, c.patient(t, number).ID, store.SawDocument, false); err != nil {
		t.Fatal(err)
	}
	c.SetClock(t, now.Add(90*24*time.Hour-time.Second))
	if err := c.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.waiting_identity`); n != 2 {
		t.Errorf("%d left a second before, want both", n)
	}
	c.SetClock(t, now.Add(90*24*time.Hour))
	if _, err := c.trySignIn(t, person(nil), "two"); outcomeOf(err) != "no-match" {
		t.Errorf("a decision of ninety days ago: got %v", err)
	}
	if err := c.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.waiting_identity`); n != 1 { // who came just now
		t.Errorf("%d left", n)
	}
}

// TestReplacedSubject: the provider calls the person otherwise since a
// correction. An operator gives them their record; the former account reads
// nothing any more, in sessions that are open neither.
func TestReplacedSubject(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, person(nil), "100")
	former := c.signIn(t, person(nil), "former")
	_, err := c.trySignIn(t, person(nil), "new")
	refusal, _ := errors.AsType[*store.Refusal](err)
	if refusal == nil || refusal.Reason != "already-linked" {
		t.Fatalf("got %v", err)
	}
	patient := c.patient(t, number).ID
	err = c.console.LinkIdentity(t.Context(), c.operator, refusal.Reference, patient, store.SawDocument, false)
	if refused, ok := errors.AsType[*store.Declined](err); !ok || refused.Reason != "already-linked" {
		t.Fatalf("without saying that another loses it: got %v", err)
	}
	if err := c.console.LinkIdentity(t.Context(), c.operator, refusal.Reference, patient, store.SawDocument, true); err != nil {
		t.Fatal(err)
	}
	if _, err := c.portal.ReadReports(t.Context(), former); err != nil {
		t.Errorf("until the other signs in: %v", err)
	}
	req := c.signIn(t, person(nil), "new")
	if reports, err := c.portal.ReadReports(t.Context(), req); err != nil || len(reports.Reports) != 1 {
		t.Errorf("the new one: got %+v, %v", reports, err)
	}
	if _, err := c.portal.ReadReports(t.Context(), former); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the former one: got %v", err)
	}
	if home, err := c.portal.ReadHome(t.Context(), former); err != nil || home.Patient != nil {
		t.Errorf("the former one's first page: got %+v, %v: want none of the record", home, err)
	}
	if _, err := c.trySignIn(t, person(nil), "former"); outcomeOf(err) != "already-linked" {
		t.Errorf("the former one signs in: got %v", err)
	}
	if _, err := c.trySignIn(t, person(nil), "new"); err != nil {
		t.Errorf("the new one again: %v", err)
	}
}

// TestTraitsAreRefreshed: what is no strict trait follows the provider, in a
// version of its own (identity, 1.8).
func TestTraitsAreRefreshed(t *testing.T) {
	c := newCounter(t)
	c.record(t, person(nil), "100")
	c.signIn(t, person(nil), "sub")
	married := person(func(i *record.Identity) { i.Usual, i.Given = "Moreau", "CAMILLE Anne" })
	for range 2 {
		req := storetest.Request()
		p, err := c.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub",
			State: req.ID.String(), Role: record.RolePatient, Identity: married}))
		if err != nil || p.Name != "CAMILLE Moreau" {
			t.Fatalf("got %+v, %v", p, err)
		}
		home, err := c.portal.ReadHome(t.Context(), req)
		if err != nil || home.Person.Name != "CAMILLE Moreau" || home.Patient.Identity != person(nil) {
			t.Errorf("home: got %+v, %v: want the name in use, and the record as it was", home, err)
		}
		if log, err := c.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{}, 0); err != nil || log.Accesses[0].Who != "CAMILLE Moreau" {
			t.Errorf("access log: got %+v, %v", log, err)
		}
	}
	if got := c.entries(t, "account.traits"); got != "granted own-account" {
		t.Errorf("traced: %s: want one change", got)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.account_version v JOIN guichet.trace t ON t.id = v.entry AND t.records[1] = v.account AND t.versions[1] = v.version WHERE v.version = 2`); n != 1 {
		t.Errorf("%d versions that their entry names", n)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.account WHERE role = 'patient' AND version = 1`); n != 1 {
		t.Error("the first version is not as it was")
	}
}

// TestVersionOutOfTurn: a version is kept after the one before it, once.
func TestVersionOutOfTurn(t *testing.T) {
	c := newCounter(t)
	c.record(t, person(nil), "100")
	req := c.signIn(t, person(nil), "sub")
	portal := c.SQL(t, "guichet_portal")
	for _, version := range []int{0, 1, 3, 2, 2} {
		if _, err := portal.Exec(`SELECT guichet.refresh_account($1, '{192.0.2.7}', gen_random_uuid(), $2, '\x00')`, req.Token, version); err != nil {
			t.Fatal(version, err)
		}
	}
	if got := c.entries(t, "account.traits"); got != "refused version, refused version, refused version, granted own-account, refused version" {
		t.Errorf("traced: %s", got)
	}
	if n := c.count(t, `SELECT count(*) FROM guichet.account_version WHERE version = 2`); n != 1 || c.count(t, `SELECT count(*) FROM guichet.account_version`) != 1 {
		t.Errorf("%d second versions", n)
	}
}

// TestChangedStrictTrait is refused until somebody has seen why, and never
// changes the record.
func TestChangedStrictTrait(t *testing.T) {
	for _, x := range []struct {
		name string
		who  record.Identity
	}{
		{"birth name", family("DURAND")},
		{"first given name", called("Anne")},
		{"birth date", born("1984-03-15")},
		{"sex", person(func(i *record.Identity) { i.Sex = record.Male })},
		{"place", place("13055")},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := newCounter(t)
			number := c.record(t, person(nil), "100")
			c.signIn(t, person(nil), "sub")
			_, err := c.trySignIn(t, x.who, "sub")
			refusal, _ := errors.AsType[*store.Refusal](err)
			if refusal == nil || refusal.Reason != "traits-changed" || refusal.Linkable() {
				t.Fatalf("got %v", err)
			}
			if err := c.console.LinkIdentity(t.Context(), c.operator, refusal.Reference, c.patient(t, number).ID, store.SawCivilStatus, false); err != nil {
				t.Fatal(err)
			}
			req := c.signIn(t, x.who, "sub")
			if home, err := c.portal.ReadHome(t.Context(), req); err != nil || home.Patient.Identity != person(nil) {
				t.Errorf("the record: got %+v, %v", home, err)
			}
			if _, err := c.trySignIn(t, x.who, "sub"); err != nil {
				t.Errorf("the same again: %v", err)
			}
			if c.entries(t, "account.traits") != "granted own-account" || c.entries(t, "identity.link") != "granted civil-status" {
				t.Error("not traced")
			}
			// Back to what the record says: that is who it belongs to.
			if _, err := c.trySignIn(t, person(nil), "sub"); err != nil {
				t.Errorf("the change taken back: %v", err)
			}
		})
	}
}

// TestDecisionForAnotherRecord of a known person changes nothing silently.
func TestDecisionForAnotherRecord(t *testing.T) {
	c := newCounter(t)
	c.record(t, person(nil), "100")
	other := c.record(t, lea, "200")
	c.signIn(t, person(nil), "sub")
	_, err := c.trySignIn(t, family("DURAND"), "sub")
	refusal, _ := errors.AsType[*store.Refusal](err)
	if err := c.console.LinkIdentity(t.Context(), c.operator, refusal.Reference, c.patient(t, other).ID, store.SawDocument, false); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trySignIn(t, family("DURAND"), "sub"); outcomeOf(err) != "traits-changed" {
		t.Errorf("got %v", err)
	}
}

// TestAccountStates: suspended, blocked or restored, at once and everywhere (GA4).
func TestAccountStates(t *testing.T) {
	for _, x := range []struct {
		state  store.AccountState
		reason string
		event  string
	}{{store.Suspended, "usurpation", "account.suspend"}, {store.Blocked, "death", "account.block"}} {
		t.Run(string(x.state), func(t *testing.T) {
			c := newCounter(t)
			number := c.record(t, person(nil), "100")
			live := []store.Request{c.signIn(t, person(nil), "sub")}
			elsewhere := c.Open(t, "guichet_portal") // another process
			if _, err := elsewhere.ReadReports(t.Context(), live[0]); err != nil {
				t.Fatal(err)
			}
			accounts, err := c.console.ListAccounts(t.Context(), c.operator, &number)
			if err != nil || len(accounts) != 1 || accounts[0].State != store.Active || accounts[0].Last == nil || accounts[0].Role != record.RolePatient {
				t.Fatalf("list: got %+v, %v", accounts, err)
			}
			account := accounts[0].ID
			if err := c.console.SetAccountState(t.Context(), c.operator, account, x.state, x.reason); err != nil {
				t.Fatal(err)
			}
			for _, portal := range []*store.Store{c.portal, elsewhere} {
				for _, req := range live {
					if _, err := portal.ReadReports(t.Context(), req); fault.KindOf(err) != fault.Ended {
						t.Errorf("a session that was open: got %v", err)
					}
					if s, err := portal.LoadSession(t.Context(), req, false); err != nil || s.Ended != record.EndAdmin {
						t.Errorf("its end: got %+v, %v", s, err)
					}
				}
			}
			if got := c.entries(t, "session.end"); got != "granted admin" {
				t.Errorf("its end is traced: %s", got)
			}
			_, err = c.trySignIn(t, person(nil), "sub")
			refusal, _ := errors.AsType[*store.Refusal](err)
			if refusal == nil || refusal.Reason != "account-"+string(x.state) || !refusal.Closed() || refusal.Linkable() {
				t.Errorf("sign-in: got %v", err)
			}
			if n := c.count(t, `SELECT count(*) FROM guichet.waiting_identity`); n != 0 {
				t.Error("they wait to be linked, which they are")
			}
			if list, err := c.console.ListAccounts(t.Context(), c.operator, nil); err != nil || len(list) != 1 || list[0].State != x.state || list[0].Reason != x.reason {
				t.Errorf("those not open: got %+v, %v", list, err)
			}
			if err := c.console.SetAccountState(t.Context(), c.operator, account, x.state, x.reason); err == nil {
				t.Error("twice the same state")
			}
			if err := c.console.SetAccountState(t.Context(), c.operator, account, store.Active, "identity-proved"); err != nil {
				t.Fatal(err)
			}
			if _, err := c.trySignIn(t, person(nil), "sub"); err != nil {
				t.Errorf("restored: %v", err)
			}
			if s, err := c.portal.LoadSession(t.Context(), live[0], false); err != nil || s.Ended != record.EndAdmin {
				t.Errorf("the session of before: got %+v, %v: want it over for good", s, err)
			}
			if c.entries(t, x.event) != "granted "+x.reason+", refused account-"+string(x.state) || c.entries(t, "account.restore") != "granted identity-proved" {
				t.Error("not traced:", c.entries(t, x.event), c.entries(t, "account.restore"))
			}
		})
	}
}

// TestSessionOpenedWhileItsAccountIsSuspended has no tombstone, and is refused.
func TestSessionOpenedWhileItsAccountIsSuspended(t *testing.T) {
	c := newCounter(t)
	c.record(t, person(nil), "100")
	req := c.signIn(t, person(nil), "sub")
	if _, err := c.Superuser(t).Exec(`INSERT INTO guichet.account_state (account, state, reason, at, entry) SELECT id, 'suspended', 'usurpation', guichet.clock(), 1 FROM guichet.account WHERE role = 'patient'`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.portal.ReadReports(t.Context(), req); fault.KindOf(err) != fault.Ended {
		t.Errorf("got %v", err)
	}
	if got := c.entries(t, "report.list"); got != "refused account-suspended" {
		t.Errorf("traced: %s", got)
	}
	if s, err := c.portal.LoadSession(t.Context(), req, false); err != nil || s.Ended != record.EndAdmin {
		t.Errorf("its end: got %+v, %v", s, err)
	}
}

// TestUnusedAccount is suspended when somebody comes to use it (GA4.c).
func TestUnusedAccount(t *testing.T) {
	c := newCounter(t)
	now := time.Now()
	c.SetClock(t, now)
	c.record(t, person(nil), "100")
	c.signIn(t, person(nil), "sub")
	c.SetClock(t, now.Add(400*24*time.Hour))
	c.signIn(t, person(nil), "sub") // off unless the hospital chose it
	if _, err := c.Superuser(t).Exec(`INSERT INTO guichet.setting (name, value, at, entry) VALUES ('account.unused.patient', '365 days', guichet.clock(), 1)`); err != nil {
		t.Fatal(err)
	}
	c.SetClock(t, now.Add(765*24*time.Hour))
	c.signIn(t, person(nil), "sub") // used 365 days ago
	c.SetClock(t, now.Add(1131*24*time.Hour))
	for range 2 {
		if _, err := c.trySignIn(t, person(nil), "sub"); outcomeOf(err) != "account-suspended" {
			t.Errorf("got %v", err)
		}
	}
	if got := c.entries(t, "account.suspend"); got != "granted unused" {
		t.Errorf("traced: %s", got)
	}
	operator := storetest.Request()
	if err := c.console.OpenOperator(t.Context(), operator, "admin", limits); err != nil {
		t.Fatal(err)
	}
	list, err := c.console.ListAccounts(t.Context(), operator, nil)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := c.console.SetAccountState(t.Context(), operator, list[0].ID, store.Active, "identity-proved"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trySignIn(t, person(nil), "sub"); err != nil {
		t.Errorf("restored: %v", err)
	}
}

// TestOnlyAnOperatorDecides: a feed's or a patient's session gets nowhere, nor
// does a reason that is not on the list.
func TestOnlyAnOperatorDecides(t *testing.T) {
	c := newCounter(t)
	number := c.record(t, person(nil), "100")
	patient := c.signIn(t, person(nil), "sub")
	p := c.patient(t, number)
	feedHere := storetest.Request() // at the console's own role
	if err := c.console.OpenFeed(t.Context(), feedHere, "EF", "Autre", limits); err != nil {
		t.Fatal(err)
	}
	for name, req := range map[string]store.Request{"a feed's": c.feed, "a feed's, here": feedHere, "a patient's": patient, "nobody's": storetest.Request()} {
		if _, err := c.console.FindPatient(t.Context(), req, number); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: find: %v", name, err)
		}
		if _, _, err := c.console.MakeCode(t.Context(), req, p, store.CodeLifetime); err == nil {
			t.Errorf("%s: code", name)
		}
		if _, err := c.console.ListWaiting(t.Context(), req); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: list: %v", name, err)
		}
		if err := c.console.SetAccountState(t.Context(), req, uuid.New(), store.Blocked, "death"); err == nil {
			t.Errorf("%s: block", name)
		}
	}
	for state, reason := range map[store.AccountState]string{store.Suspended: "free text", store.Closed: "holder", "pending": "review", store.Active: "death"} {
		if err := c.console.SetAccountState(t.Context(), c.operator, uuid.New(), state, reason); err == nil {
			t.Errorf("%s for %s", state, reason)
		}
	}
	var feed uuid.UUID
	if err := c.Superuser(t).QueryRow(`SELECT id FROM guichet.account WHERE role = 'feed' LIMIT 1`).Scan(&feed); err != nil {
		t.Fatal(err)
	}
	if err := c.console.SetAccountState(t.Context(), c.operator, feed, store.Blocked, "departure"); err == nil {
		t.Error("a feed is blocked as a person is")
	}
	if _, err := c.console.FindPatient(t.Context(), c.operator, record.Identifier{Authority: "HOP", Value: "nobody"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown number: %v", err)
	}
	if got := c.entries(t, "patient.lookup"); !strings.Contains(got, "refused absent") || !strings.Contains(got, "granted operator") {
		t.Errorf("traced: %s", got)
	}
}

// TestYearlyReview: an account that nobody has looked at for longer than its
// population may rings and is listed; kept, it is not; where the hospital chose
// so, it is suspended after the days of grace (GA4.e, GA4.f).
func TestYearlyReview(t *testing.T) {
	c := newCounter(t)
	const day = 24 * time.Hour
	now := time.Now()
	c.SetClock(t, now)
	c.record(t, person(nil), "100")
	c.signIn(t, person(nil), "sub")
	db := c.Superuser(t)
	at := func(days int) (operator store.Request) {
		c.SetClock(t, now.Add(time.Duration(days)*day))
		operator = storetest.Request()
		if err := c.console.OpenOperator(t.Context(), operator, "reviewer", limits); err != nil {
			t.Fatal(err)
		}
		return operator
	}
	due := func(days int) []store.AccountHead {
		operator := at(days)
		if err := c.portal.WatchReviews(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := c.console.ListReviews(t.Context(), operator)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	rings := func() int { return number(t, db, `SELECT count(*) FROM guichet.alert WHERE kind = 'review-due'`) }
	if list := due(364); len(list) != 0 || rings() != 0 {
		t.Errorf("after 364 days: %v, %d alerts", list, rings())
	}
	list := due(366)
	if len(list) != 1 || list[0].Review != 366 || list[0].State != store.Active || rings() != 1 {
		t.Fatalf("after 366 days: %+v, %d alerts", list, rings())
	}
	if due(366); rings() != 1 {
		t.Errorf("%d alerts on one day", rings())
	}
	if due(368); rings() != 2 {
		t.Errorf("%d alerts on two days", rings())
	}
	account := list[0].ID
	if err := c.console.SetAccountState(t.Context(), at(370), account, store.Active, "kept"); err != nil {
		t.Fatal(err)
	}
	if got := c.entries(t, "account.review"); got != "granted kept" {
		t.Errorf("traced: %s", got)
	}
	if got := word(t, db, `SELECT a.role FROM guichet.account_state c JOIN guichet.trace t ON t.id = c.entry JOIN guichet.account a ON a.id = t.account WHERE c.reason = 'kept'`); got != "operator" {
		t.Errorf("reviewed by %q", got)
	}
	if list := due(370 + 365); len(list) != 0 {
		t.Errorf("reviewed 365 days ago: %v", list)
	}
	// Each population has a time of its own.
	for name, value := range map[string]string{"account.review.professional": "30 days", "account.review.grace": "10 days", "account.review.overdue": "suspend"} {
		if err := c.console.ChangeSetting(t.Context(), at(735), name, value); err != nil {
			t.Fatal(err)
		}
	}
	if list := due(735); len(list) != 0 {
		t.Errorf("a patient by the professionals' time: %v", list)
	}
	c.SetClock(t, now.Add((370+365+9)*day))
	c.signIn(t, person(nil), "sub") // within the days of grace
	c.SetClock(t, now.Add((370+365+11)*day))
	for range 2 {
		if _, err := c.trySignIn(t, person(nil), "sub"); outcomeOf(err) != "account-suspended" {
			t.Errorf("after the days of grace: got %v", err)
		}
	}
	if got := c.entries(t, "account.suspend"); got != "granted unreviewed" {
		t.Errorf("traced: %s", got)
	}
	if err := c.console.SetAccountState(t.Context(), at(370+365+11), account, store.Active, "kept"); err == nil {
		t.Error("a suspended account is kept open")
	}
	if err := c.console.SetAccountState(t.Context(), at(370+365+11), account, store.Active, "review"); err != nil {
		t.Fatal(err)
	}
	c.signIn(t, person(nil), "sub")
}
