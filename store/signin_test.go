package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

// TestFirstSignIn: exactly one match by the five traits, never a guess
// (G-2.1-1.a).
func TestFirstSignIn(t *testing.T) {
	homonym := camille
	homonym.Birthplace = "13055"
	for _, c := range []struct {
		name   string
		who    func() record.Identity
		reason string // of the refusal; empty: signed in
	}{
		{"the same traits", func() record.Identity { return camille }, ""},
		{"written otherwise", func() record.Identity { i := camille; i.Family, i.Given, i.Usual = "Lefevre", "CAMILLE", ""; return i }, ""},
		{"a homonym born elsewhere, known too", func() record.Identity { return homonym }, ""},
		{"born elsewhere, unknown", func() record.Identity { i := camille; i.Birthplace = "33063"; return i }, "no-match"},
		{"another birth date", func() record.Identity { i := camille; i.Birthdate = "1984-03-13"; return i }, "no-match"},
		{"another given name first", func() record.Identity { i := camille; i.Given = "Anne Camille"; return i }, "no-match"},
		{"no birth place", func() record.Identity { i := camille; i.Birthplace = ""; return i }, "no-match"},
		{"twins in all five traits", func() record.Identity { return lea }, "several-matches"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
			w.deposit(t, bloodCount(homonym, "101", "C2", "O2", "11.2", sampled))
			w.deposit(t, bloodCount(lea, "200", "C3", "O3", "11.2", sampled))
			w.deposit(t, bloodCount(lea, "201", "C4", "O4", "11.2", sampled))
			_, err := w.trySignIn(t, c.who(), "sub")
			var outcome, reason string
			if qerr := w.Superuser(t).QueryRow(`SELECT outcome, reason FROM guichet.trace WHERE type = 'sign-in' ORDER BY id DESC LIMIT 1`).Scan(&outcome, &reason); qerr != nil {
				t.Fatal(qerr)
			}
			if c.reason == "" {
				if err != nil || outcome != "granted" {
					t.Errorf("got %v (%s %s), want signed in", err, outcome, reason)
				}
				return
			}
			if fault.KindOf(err) != fault.Unmatched || outcome != "refused" || reason != c.reason {
				t.Errorf("got %v (%s %s), want refused for %s", err, outcome, reason, c.reason)
			}
		})
	}
}

func TestSecondSubjectIsNotGuessed(t *testing.T) {
	x := newTarget(t)
	if _, err := x.trySignIn(t, camille, "another-subject"); fault.KindOf(err) != fault.Unmatched {
		t.Errorf("got %v, want it refused: the record is another subject's", err)
	}
}

func TestStateServesOnce(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	who := store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "s", State: "one", Role: record.RolePatient, Identity: camille,
		Evidence: store.Evidence{IDToken: "a token", Subject: "s", Nonce: "one"}}
	if _, err := w.portal.SignIn(t.Context(), storetest.Request(), who); err != nil {
		t.Fatal(err)
	}
	if _, err := w.portal.SignIn(t.Context(), storetest.Request(), who); fault.KindOf(err) != fault.Unmatched {
		t.Errorf("got %v, want the second refused", err)
	}
}

// TestFirstSignInsAtOnce: one person, many browsers, one account.
func TestFirstSignInsAtOnce(t *testing.T) {
	const browsers = 12
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	var wait sync.WaitGroup
	failed := make(chan error, browsers)
	for range browsers {
		wait.Go(func() {
			if _, err := w.trySignIn(t, camille, "sub"); err != nil && fault.KindOf(err) != fault.Ended { // replaced by the next
				failed <- err
			}
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	var s string
	if err := w.Superuser(t).QueryRow(`SELECT format('%s %s %s', (SELECT count(*) FROM guichet.account WHERE role = 'patient'), (SELECT count(*) FROM guichet.grants), (SELECT count(*) FROM guichet.identity WHERE issuer <> 'certificate'))`).Scan(&s); err != nil {
		t.Fatal(err)
	}
	if s != "1 1 1" {
		t.Errorf("accounts, grants, identities: got %s, want one of each", s)
	}
}

func TestLastSignIn(t *testing.T) {
	x := newTarget(t)
	first, err := x.portal.ReadHome(t.Context(), x.token)
	if err != nil || first.LastSignIn != nil {
		t.Fatalf("first: got %+v, %v, want none before it", first, err)
	}
	x.SetClock(t, sampled.AddDate(1, 0, 0))
	if _, err := x.trySignIn(t, camille, "sub-camille"); err != nil {
		t.Fatal(err)
	}
	x.SetClock(t, sampled.AddDate(1, 0, 1))
	third := x.signIn(t, camille, "sub-camille")
	home, err := x.portal.ReadHome(t.Context(), third)
	if err != nil {
		t.Fatal(err)
	}
	if home.LastSignIn == nil || !home.LastSignIn.At.Equal(sampled.AddDate(1, 0, 0)) || home.LastSignIn.Provider != "franceconnect" {
		t.Errorf("got %+v, want the one before this", home.LastSignIn)
	}
}

// TestProfessional: an account without any grant reads nobody's record.
func TestProfessional(t *testing.T) {
	x := newTarget(t)
	for _, role := range []record.Role{record.RolePhysician, record.RoleNurse, record.RoleProfessional} {
		req := storetest.Request()
		person, err := x.portal.SignIn(t.Context(), req, store.Identified{Provider: "psc", Issuer: "https://psc.example", Subject: fmt.Sprint("8", role), State: req.ID.String(),
			Role: role, Identity: record.Identity{Family: "DURAND", Given: "Anne"},
			Evidence: store.Evidence{IDToken: "a token", Subject: string(role), Nonce: req.ID.String()}})
		if err != nil || person.Role != role {
			t.Fatalf("%s: got %+v, %v", role, person, err)
		}
		home, err := x.portal.ReadHome(t.Context(), req)
		if err != nil || home.Patient != nil || len(home.Reports) != 0 {
			t.Errorf("%s: home: got %+v, %v", role, home, err)
		}
		if _, err := x.portal.ReadReport(t.Context(), req, x.own); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: report: got %v", role, err)
		}
		if _, err := x.portal.ReadReports(t.Context(), req); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: reports: got %v", role, err)
		}
		if _, err := x.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{}, 0); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: access log: got %v", role, err)
		}
	}
}

// TestRefusedAccessNamesNobody: the patient sees that somebody was refused,
// and not who.
func TestRefusedAccessNamesNobody(t *testing.T) {
	x := newTarget(t)
	if _, err := x.portal.ReadReport(t.Context(), x.tokenTwo, x.own); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
	log, err := x.portal.ReadAccessLog(t.Context(), x.token, store.AccessFilter{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if a := log.Accesses[0]; a.Outcome != "refused" || a.Who != "" || a.Self {
		t.Errorf("got %+v, want a refusal without a name", a)
	}
}

// TestASignInThatIsNotHandedOverLeavesNoSession: it is open and nobody has its
// token, so it would only keep its owner out (AA8.b).
func TestASignInThatIsNotHandedOverLeavesNoSession(t *testing.T) {
	for name, body := range map[string]string{
		"the database is overloaded": "BEGIN RAISE 'no' USING ERRCODE = '53200'; END",
		"nothing is handed over":     "BEGIN RETURN; END",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
			db := w.Superuser(t)
			var head string
			if err := db.QueryRow(`SELECT split_part(pg_get_functiondef('guichet.receive'::regproc), 'AS $function$', 1)`).Scan(&head); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(head + "AS $function$ " + body + " $function$"); err != nil {
				t.Fatal(err)
			}
			if _, err := w.trySignIn(t, camille, "sub"); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("got %v", err)
			}
			if n := number(t, db, lives); n != 0 {
				t.Errorf("%d sessions live", n)
			}
			if n := number(t, db, `SELECT count(*) FROM guichet.session_end WHERE reason = 'error'`); n != 1 {
				t.Errorf("%d sessions ended by error, want 1", n)
			}
		})
	}
}

// TestTooLateIsNotMissing: an entry serves for five seconds, and who waits
// longer for a connection is told to come back, not that there is nothing.
func TestTooLateIsNotMissing(t *testing.T) {
	x := newTarget(t)
	for ago, want := range map[time.Duration]fault.Kind{0: fault.NotFound, 4 * time.Second: fault.NotFound, 6 * time.Second: fault.Unavailable} {
		if err := x.portal.Receive(t.Context(), storetest.Request(), 1, ago); fault.KindOf(err) != want {
			t.Errorf("%s later: got %v", ago, err)
		}
	}
}
