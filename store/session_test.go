package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

// lives counts the sessions of people that let something through.
const lives = `SELECT count(*) FROM guichet.session s WHERE s.expires IS NULL AND guichet.standing_of(s) IS NULL`

func number(t testing.TB, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func word(t testing.TB, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var s sql.NullString
	if err := db.QueryRow(query, args...).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s.String
}

// stands returns how a session stands: live, waiting, or why it ended.
func stands(t testing.TB, db *store.Store, req store.Request) string {
	t.Helper()
	s, err := db.LoadSession(t.Context(), req, false)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case s.Waits:
		return "waiting"
	case s.Ended != "":
		return string(s.Ended)
	}
	return "live"
}

func wantStanding(t testing.TB, db *store.Store, req store.Request, want string) {
	t.Helper()
	if got := stands(t, db, req); got != want {
		t.Errorf("session stands %q, want %q", got, want)
	}
}

// choose changes a setting as an operator at the machine does.
func (w *world) choose(t testing.TB, name, value string) {
	t.Helper()
	console := w.Open(t, "guichet_console")
	req := storetest.Request()
	if err := console.OpenOperator(t.Context(), req, "root", store.Limits{Lifetime: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := console.ChangeSetting(t.Context(), req, name, value); err != nil {
		t.Fatal(err)
	}
}

// TestTwoHundredSignInsAtOnce of one account, over three processes: exactly one
// session lives, and each of the others says that it was replaced, once.
func TestTwoHundredSignInsAtOnce(t *testing.T) {
	const signIns = 200
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	w.signIn(t, camille, "sub")
	processes := []*store.Store{w.portal, w.Open(t, "guichet_portal"), w.Open(t, "guichet_portal")}
	requests := make([]store.Request, signIns)
	var all sync.WaitGroup
	for i := range requests {
		requests[i] = storetest.Request()
		all.Go(func() {
			_, err := processes[i%3].SignIn(t.Context(), requests[i], evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub",
				State: requests[i].ID.String(), Role: record.RolePatient, Identity: camille}))
			if err != nil && fault.KindOf(err) != fault.Ended {
				t.Error(err)
			}
		})
	}
	all.Wait()
	db := w.Superuser(t)
	if n := number(t, db, lives); n != 1 {
		t.Fatalf("%d sessions live, want 1", n)
	}
	// Whoever comes first explains it: its own browser or any sweeper.
	for _, process := range processes {
		all.Go(func() {
			if err := process.Housekeep(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	live := 0
	for i, req := range requests {
		switch got := stands(t, processes[(i+1)%3], req); got {
		case "live":
			live++
		case "replaced":
		default:
			t.Errorf("session %d stands %q", i, got)
		}
	}
	all.Wait()
	if live != 1 {
		t.Errorf("%d browsers are let in, want 1", live)
	}
	for name, query := range map[string]string{
		"tombstones":       `SELECT count(*) FROM guichet.session_end WHERE reason = 'replaced'`,
		"told once":        `SELECT count(DISTINCT session) FROM guichet.session_end WHERE reason = 'replaced'`,
		"entries":          `SELECT count(*) FROM guichet.trace WHERE type = 'session.end' AND reason = 'replaced'`,
		"of one session":   `SELECT count(DISTINCT session) FROM guichet.trace WHERE type = 'session.end' AND reason = 'replaced'`,
		"granted sign-ins": `SELECT count(*) - 1 FROM guichet.trace WHERE type = 'sign-in' AND outcome = 'granted'`,
	} {
		if n := number(t, db, query); n != signIns {
			t.Errorf("%s: got %d, want %d", name, n, signIns)
		}
	}
	if n := number(t, db, lives); n != 1 {
		t.Errorf("afterwards %d sessions live, want 1", n)
	}
}

// TestAtMostOneSessionLives, whatever happens in whatever order on however many
// connections (AA8.a): sign-ins, ends, limits, hand-overs, settings.
func TestAtMostOneSessionLives(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 8))
			w := newWorld(t)
			w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
			processes := []*store.Store{w.portal, w.Open(t, "guichet_portal")}
			db := w.Superuser(t)
			now := sampled
			w.SetClock(t, now)
			known := []store.Request{w.signIn(t, camille, "sub")}
			for step := range 40 {
				process, req := processes[random.IntN(2)], known[random.IntN(len(known))]
				earlier := []byte(nil)
				if random.IntN(4) == 0 {
					earlier = req.Token
				}
				var what string
				act := func() error { return nil }
				switch random.IntN(9) {
				case 0, 1, 2:
					what = "two sign-ins at once"
					fresh := []store.Request{storetest.Request(), storetest.Request()}
					known = append(known, fresh...)
					var both sync.WaitGroup
					for i := range fresh {
						both.Go(func() {
							_, err := processes[i].SignIn(t.Context(), fresh[i], evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub",
								State: fresh[i].ID.String(), Role: record.RolePatient, Identity: camille, Earlier: earlier}))
							if err != nil && fault.KindOf(err) != fault.Ended {
								t.Error(err)
							}
						})
					}
					both.Wait()
				case 3:
					what, act = "sign-out", func() error { return process.EndSession(t.Context(), req, record.EndLogout) }
				case 4:
					what, act = "take over", func() error { return process.TakeOver(t.Context(), req) }
				case 5:
					what, act = "load", func() error { _, err := process.LoadSession(t.Context(), req, true); return err }
				case 6:
					what, act = "housekeeping", func() error { return process.Housekeep(t.Context()) }
				case 7:
					what = "time passes"
					now = now.Add(time.Duration(random.IntN(20)-4) * time.Minute)
					w.SetClock(t, now)
				case 8:
					what = "another mode"
					w.choose(t, "session.mode", []string{"replace", "refuse"}[random.IntN(2)])
				}
				if err := act(); err != nil {
					t.Fatal(what, err)
				}
				if n := number(t, db, lives); n > 1 {
					t.Fatalf("step %d, after %s: %d sessions live", step, what, n)
				}
				let := 0
				for _, one := range known {
					_, err := process.ReadHome(t.Context(), one)
					if err == nil {
						let++
					} else if kind := fault.KindOf(err); kind != fault.Ended {
						t.Fatal(err)
					}
				}
				if let > 1 {
					t.Fatalf("step %d, after %s: %d sessions read", step, what, let)
				}
			}
			if n := number(t, db, `SELECT count(*) - count(DISTINCT session) FROM guichet.trace WHERE type IN ('session.end', 'sign-out')`); n != 0 {
				t.Errorf("%d ends were traced twice", n)
			}
		})
	}
}

// TestReplaced: the older session is over from that moment, everywhere, and says
// when, how, and from how near (AA8.d).
func TestReplaced(t *testing.T) {
	x := newTarget(t)
	at := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	x.choose(t, "session.idle", "1 hour")
	x.SetClock(t, at.Add(-40*time.Minute))
	old := x.signIn(t, camille, "sub-camille")
	x.SetClock(t, at)
	newer := storetest.Request()
	newer.Address = old.Address.Next()
	if _, err := x.portal.SignIn(t.Context(), newer, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub-camille", State: "s", Role: record.RolePatient, Identity: camille})); err != nil {
		t.Fatal(err)
	}
	for name, process := range map[string]*store.Store{"the same": x.portal, "another": x.Open(t, "guichet_portal")} {
		if _, err := process.ReadReport(t.Context(), old, x.own); fault.KindOf(err) != fault.Ended {
			t.Errorf("%s process: got %v, want it ended", name, err)
		}
	}
	x.SetClock(t, at.Add(2*time.Hour)) // by now it would be over for want of use as well
	s, err := x.portal.LoadSession(t.Context(), old, true)
	if err != nil {
		t.Fatal(err)
	}
	if s.Ended != record.EndReplaced || !s.At.Equal(at) || s.Other.Provider != "franceconnect" || !s.Other.Near {
		t.Errorf("got %+v, want it replaced at %v, from near", s, at)
	}
}

// TestWhatWasOverKeepsItsCause: a sign-in does not replace a session that ended
// before it, though nobody had noticed.
func TestWhatWasOverKeepsItsCause(t *testing.T) {
	x := newTarget(t)
	now := time.Now()
	x.SetClock(t, now.Add(20*time.Minute))
	newer := x.signIn(t, camille, "sub-camille")
	wantStanding(t, x.portal, x.token, "idle")
	wantStanding(t, x.portal, newer, "live")
}

// TestUseIsWrittenAtMostEachTenSeconds, by pages and loads alike (architecture
// 5), and by nothing that is no action.
func TestUseIsWrittenAtMostEachTenSeconds(t *testing.T) {
	x := newTarget(t)
	db := x.Superuser(t)
	begin := time.Now().Add(time.Minute).Truncate(time.Microsecond)
	x.SetClock(t, begin)
	x.token = x.signIn(t, camille, "sub-camille")
	for _, c := range []struct {
		after time.Duration
		used  bool
		want  time.Duration
	}{{9 * time.Second, true, 0}, {11 * time.Second, false, 0}, {11 * time.Second, true, 11 * time.Second}, {20 * time.Second, true, 11 * time.Second}, {22 * time.Second, true, 22 * time.Second}} {
		x.SetClock(t, begin.Add(c.after))
		if _, err := x.portal.LoadSession(t.Context(), x.token, c.used); err != nil {
			t.Fatal(err)
		}
		if c.used {
			if _, err := x.portal.ReadHome(t.Context(), x.token); err != nil {
				t.Fatal(err)
			}
		}
		var seen time.Time
		if err := db.QueryRow(`SELECT seen FROM guichet.session WHERE token = sha256($1)`, x.token.Token).Scan(&seen); err != nil {
			t.Fatal(err)
		}
		if !seen.Equal(begin.Add(c.want)) {
			t.Errorf("after %s, an action: %v: seen after %s, want %s", c.after, c.used, seen.Sub(begin), c.want)
		}
	}
}

// TestNobodyIsHeldUp: whoever holds rows of a session in an open transaction
// keeps nobody from signing in, and nothing alive (monitor, section 6).
func TestNobodyIsHeldUp(t *testing.T) {
	x := newTarget(t)
	held, err := x.Superuser(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Rollback()
	if _, err := held.Exec(`SELECT 1 FROM guichet.session FOR NO KEY UPDATE`); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(`INSERT INTO guichet.session_end SELECT id, opened, 'logout' FROM guichet.session WHERE token = sha256($1)`, x.token.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(`INSERT INTO guichet.session_turn (session, account, at) SELECT id, account, opened FROM guichet.session WHERE token = sha256($1)`, x.again.Token); err != nil {
		t.Fatal(err)
	}
	x.signIn(t, camille, "sub-camille")
	if err := x.portal.Housekeep(t.Context()); err != nil {
		t.Error(err)
	}
	wantStanding(t, x.portal, x.token, "replaced")
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := x.portal.Housekeep(t.Context()); err != nil {
		t.Error(err)
	}
	if n := number(t, x.Superuser(t), `SELECT count(*) FROM guichet.session_end e JOIN guichet.session s ON s.id = e.session WHERE s.token = sha256($1) AND e.reason = 'replaced'`, x.token.Token); n != 1 {
		t.Errorf("%d tombstones, want 1", n)
	}
}

// TestRefuseMode: the new session waits, reads nothing, and gets its turn when
// it is taken, when the other ends, or when the other's browser is gone (AA8.b,
// AA8.c).
func TestRefuseMode(t *testing.T) {
	begin := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	for _, c := range []struct {
		name  string
		act   func(t *testing.T, x *target, old, newer store.Request)
		old   string
		newer string
	}{
		{"nothing happens", func(*testing.T, *target, store.Request, store.Request) {}, "live", "waiting"},
		{"it is taken over", func(t *testing.T, x *target, _, newer store.Request) {
			if err := x.portal.TakeOver(t.Context(), newer); err != nil {
				t.Error(err)
			}
		}, "replaced", "live"},
		{"the other signs out", func(t *testing.T, x *target, old, _ store.Request) {
			if err := x.portal.EndSession(t.Context(), old, record.EndLogout); err != nil {
				t.Error(err)
			}
		}, "logout", "live"},
		{"the other falls idle", func(t *testing.T, x *target, _, newer store.Request) {
			x.SetClock(t, begin.Add(15*time.Minute)) // and the one that waits was opened five minutes later
		}, "idle", "live"},
		{"nobody wants it any more", func(t *testing.T, x *target, _, newer store.Request) {
			x.SetClock(t, begin.Add(14*time.Minute))
			if _, err := x.portal.ReadReport(t.Context(), x.token, x.own); err != nil {
				t.Error(err)
			}
			x.SetClock(t, begin.Add(20*time.Minute))
		}, "live", "idle"},
		{"the other's browser gives no sign", func(t *testing.T, x *target, old, _ store.Request) {
			x.sign(t, old, begin.Add(5*time.Minute))
			x.SetClock(t, begin.Add(8*time.Minute))
		}, "presence", "live"},
		{"the other's browser gives signs", func(t *testing.T, x *target, old, _ store.Request) {
			x.sign(t, old, begin.Add(7*time.Minute))
			x.SetClock(t, begin.Add(8*time.Minute))
		}, "live", "waiting"},
		{"the other's browser never gave one", func(t *testing.T, x *target, _, _ store.Request) {
			x.SetClock(t, begin.Add(14*time.Minute))
		}, "live", "waiting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTarget(t)
			x.choose(t, "session.mode", "refuse")
			x.SetClock(t, begin)
			if err := x.portal.EndSession(t.Context(), x.token, record.EndLogout); err != nil {
				t.Fatal(err)
			}
			x.token = x.signIn(t, camille, "sub-camille")
			x.SetClock(t, begin.Add(5*time.Minute))
			newer, err := x.trySignIn(t, camille, "sub-camille")
			if fault.KindOf(err) != fault.Ended {
				t.Fatalf("got %v, want it to wait", err)
			}
			if _, err := x.portal.ReadHome(t.Context(), newer); fault.KindOf(err) != fault.Ended {
				t.Errorf("it reads while it waits: %v", err)
			}
			if s, err := x.portal.LoadSession(t.Context(), newer, true); err != nil || !s.Waits || !s.Other.Since.Equal(begin) {
				t.Errorf("got %+v, %v", s, err)
			}
			c.act(t, x, x.token, newer)
			wantStanding(t, x.portal, newer, c.newer)
			wantStanding(t, x.portal, x.token, c.old)
			if _, err := x.portal.ReadHome(t.Context(), newer); (err == nil) != (c.newer == "live") {
				t.Errorf("it reads: %v", err)
			}
		})
	}
}

// sign notes a sign of a session's browser.
func (w *world) sign(t testing.TB, req store.Request, at time.Time) {
	t.Helper()
	if _, err := w.Superuser(t).Exec(`UPDATE guichet.session SET present = $2 WHERE token = sha256($1)`, req.Token, at); err != nil {
		t.Fatal(err)
	}
}

// TestBrowserThatIsGoneMakesWay at once for a new sign-in (AA8.c), and in mode
// replace no sign of it is asked for.
func TestBrowserThatIsGoneMakesWay(t *testing.T) {
	x := newTarget(t)
	x.choose(t, "session.mode", "refuse")
	if err := x.portal.EndSession(t.Context(), x.again, record.EndLogout); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(time.Minute)
	x.sign(t, x.token, now)
	x.SetClock(t, now.Add(3*time.Minute))
	wantStanding(t, x.portal, x.token, "live") // nobody waits
	newer := x.signIn(t, camille, "sub-camille")
	wantStanding(t, x.portal, newer, "live")
	wantStanding(t, x.portal, x.token, "presence")
	x.choose(t, "session.mode", "replace")
	x.sign(t, newer, now)
	x.beside(t, newer)
	x.SetClock(t, now.Add(10*time.Minute))
	wantStanding(t, x.portal, newer, "live")
}

// TestSameBrowserDoesNotWaitForItself: who signs in again where they are signed
// in takes over, in both modes.
func TestSameBrowserDoesNotWaitForItself(t *testing.T) {
	for _, mode := range []string{"replace", "refuse"} {
		t.Run(mode, func(t *testing.T) {
			x := newTarget(t)
			x.choose(t, "session.mode", mode)
			newer := storetest.Request()
			if _, err := x.portal.SignIn(t.Context(), newer, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub-camille", State: mode,
				Role: record.RolePatient, Identity: camille, Earlier: x.token.Token})); err != nil {
				t.Fatal(err)
			}
			wantStanding(t, x.portal, newer, "live")
			wantStanding(t, x.portal, x.token, "replaced")
		})
	}
}

// TestChangeOfIdentity: a browser in which somebody else signs in leaves the
// session it had; and a session whose person is no longer the account's is
// refused.
func TestChangeOfIdentity(t *testing.T) {
	x := newTarget(t)
	req := storetest.Request()
	if _, err := x.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub-lea", State: "s",
		Role: record.RolePatient, Identity: lea, Earlier: x.token.Token})); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, x.portal, x.token, "identity")
	if n := number(t, x.Superuser(t), `SELECT count(*) FROM guichet.trace WHERE type = 'session.end' AND reason = 'identity'`); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	if _, err := x.Superuser(t).Exec(`UPDATE guichet.identity SET account = (SELECT account FROM guichet.session WHERE token = sha256($1)) WHERE subject = (SELECT person FROM guichet.session WHERE token = sha256($2))`,
		x.feed.Token, req.Token); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, x.portal, req, "identity")
	if _, err := x.portal.ReadHome(t.Context(), req); fault.KindOf(err) != fault.Ended {
		t.Errorf("it reads: %v", err)
	}
}

// TestSettingsHoldOnLiveSessions: limits are those of now, not of the sign-in
// (DT9.b, AA13.c).
func TestSettingsHoldOnLiveSessions(t *testing.T) {
	x := newTarget(t)
	begin := time.Now().Add(time.Minute)
	x.SetClock(t, begin)
	x.token = x.signIn(t, camille, "sub-camille")
	x.SetClock(t, begin.Add(2*time.Minute))
	other := x.Open(t, "guichet_portal")
	if _, err := other.ReadHome(t.Context(), x.tokenTwo); err != nil {
		t.Fatal(err)
	}
	x.choose(t, "session.idle", "1 minute")
	if _, err := other.ReadReport(t.Context(), x.token, x.own); fault.KindOf(err) != fault.Ended {
		t.Errorf("idle for 2 minutes: got %v, want it ended", err)
	}
	wantStanding(t, other, x.token, "idle")
	if s, err := other.LoadSession(t.Context(), x.tokenTwo, false); err != nil || s.Ended != "" || s.Limits.Idle != time.Minute || s.Limits.Lifetime != 8*time.Hour {
		t.Errorf("used just now: got %+v, %v", s, err)
	}
	x.choose(t, "session.idle", "5 minutes")
	wantStanding(t, other, x.token, "idle") // it has ended
	x.choose(t, "session.lifetime", "5 minutes")
	x.SetClock(t, begin.Add(6*time.Minute+30*time.Second))
	wantStanding(t, other, x.tokenTwo, "expired")
	if limits, err := x.portal.SessionLimits(t.Context()); err != nil || limits != (store.Limits{Idle: 5 * time.Minute, Lifetime: 5 * time.Minute}) {
		t.Errorf("got %+v, %v", limits, err)
	}
	if _, err := x.intake.Deposit(t.Context(), x.feed, bloodCount(camille, "100", "C9", "O9", "11.20", sampled)); err != nil {
		t.Errorf("a system has limits of its own: %v", err)
	}
}

// TestSettings: each is bounded, and each change is traced with who made it, the
// old value and the new (AA13.c).
func TestSettings(t *testing.T) {
	w := newWorld(t)
	console := w.Open(t, "guichet_console")
	req := storetest.Request()
	if err := console.OpenOperator(t.Context(), req, "root", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	db := w.Superuser(t)
	for _, c := range []struct {
		name, value string
		fits        bool
	}{
		{"session.idle", "1 minute", true}, {"session.idle", "60 minutes", true}, {"session.idle", "59 seconds", false}, {"session.idle", "61 minutes", false},
		{"session.idle", "0 minutes", false}, {"session.idle", "-5 minutes", false}, {"session.idle", "5", false}, {"session.idle", "15 minutes'; --", false}, {"session.idle", "", false},
		{"session.lifetime", "12 hours", true}, {"session.lifetime", "13 hours", false}, {"session.lifetime", "4 minutes", false},
		{"session.lifetime", "30 minutes", false}, // shorter than the idle limit, which is an hour now
		{"session.mode", "refuse", true}, {"session.mode", "replace", true}, {"session.mode", "both", false},
		{"session.presence", "10 minutes", true}, {"session.presence", "11 minutes", false}, {"session.presence", "59 seconds", false},
		{"delay.cap", "24 hours", true}, {"delay.cap", "25 hours", false}, {"delay.forget", "24 hours", true},
		{"delay.identity", "on", true}, {"delay.identity", "true", false},
		{"account.unused.patient", "365 days", true}, {"account.unused.professional", "0", true}, {"account.unused.patient", "3 days", false},
		{"account.review.patient", "6 months", false}, {"account.review.patient", "180 days", true}, {"account.review.professional", "366 days", false}, {"account.review.professional", "0", false}, // GA4.f
		{"account.review.overdue", "suspend", true}, {"account.review.overdue", "ignore", false}, {"account.review.grace", "93 days", false}, {"session.idle", "0", false},
		{"alert.overall", "250", true}, {"alert.address", "0", false}, {"alert.identity", "ten", false}, {"alert.window", "1 hour", true}, {"alert.overall", "100001", false},
		{"delay.shared", "192.0.2.0/24, 2001:db8::/32", true}, {"delay.shared", "", true}, {"delay.shared", "192.0.2.1/24", false}, {"delay.shared", "999.0.0.0/16", false},
		{"delay.shared", "0.0.0.0/0", false}, {"delay.shared", "::/0", false}, {"delay.shared", "here", false}, {"delay.shared", "192.0.2.0", false}, {"delay.shared", ",", false},
		{"alert.hours", "22-6", true}, {"alert.hours", "0-24", true}, {"alert.hours", "off", true}, {"alert.hours", "5-5", false}, {"alert.hours", "24-6", false}, {"alert.hours", "22-25", false}, {"alert.hours", "-1-5", false},
		{"alert.refused", "2", false}, {"alert.patients.window", "2 days", false},
		{"session.unknown", "1", false}, {"", "", false}, {strings.Repeat("x", 3000), strings.Repeat("x", 3000), false},
	} {
		before := word(t, db, `SELECT guichet.setting_of($1)`, c.name)
		err := console.ChangeSetting(t.Context(), req, c.name, c.value)
		after := word(t, db, `SELECT guichet.setting_of($1)`, c.name)
		switch {
		case c.fits && (err != nil || after != c.value):
			t.Errorf("%.30s = %.30q: got %v, %q", c.name, c.value, err, after)
		case !c.fits && (fault.KindOf(err) != fault.Invalid || after != before):
			t.Errorf("%.30s = %.30q: got %v, %q, want it refused", c.name, c.value, err, after)
		}
	}
	// Old and new value, and who: by the entry of the row.
	if got := word(t, db, `SELECT string_agg(s.value || ' by ' || a.role, ', ' ORDER BY s.entry) FROM guichet.setting s JOIN guichet.trace t ON t.id = s.entry AND t.type = 'setting.change' AND t.outcome = 'granted'
		JOIN guichet.account a ON a.id = t.account WHERE s.name = 'session.idle'`); got != "1 minute by operator, 60 minutes by operator" {
		t.Errorf("got %q", got)
	}
	// Each of them rings: turning an alert off is no way to stay unseen.
	if n := number(t, db, `SELECT count(*) FROM guichet.setting s WHERE s.entry > 0 AND NOT EXISTS (SELECT FROM guichet.alert a WHERE a.entry = s.entry AND a.kind = 'setting-changed')`); n != 0 {
		t.Errorf("%d changes rang nowhere", n)
	}
	all, err := console.ListSettings(t.Context())
	if err != nil || len(all) != 26 {
		t.Fatalf("got %d settings, %v", len(all), err)
	}
	for _, one := range all {
		if number(t, db, `SELECT count(*) FROM guichet.setting_rules() r WHERE r.name = $1 AND guichet.setting_fits(r.name, guichet.setting_of(r.name))`, one.Name) != 1 {
			t.Errorf("%s: %q does not fit itself", one.Name, one.Value)
		}
	}
	if err := console.EndSession(t.Context(), req, "closed"); err != nil {
		t.Fatal(err)
	}
	if err := console.ChangeSetting(t.Context(), req, "session.mode", "refuse"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("after the session: got %v", err)
	}
	if err := w.portal.ChangeSetting(t.Context(), w.feed, "session.mode", "refuse"); err == nil {
		t.Error("the portal changes a setting")
	}
}

// TestLimitsBeginAsTheDefaults: the row that decide reads says what setting_of
// does.
func TestLimitsBeginAsTheDefaults(t *testing.T) {
	w := newWorld(t)
	if n := number(t, w.Superuser(t), `SELECT count(*) FROM guichet.session_limit l WHERE l.idle = guichet.setting_of('session.idle')::interval
		AND l.lifetime = guichet.setting_of('session.lifetime')::interval AND l.mode = guichet.setting_of('session.mode') AND l.presence = guichet.setting_of('session.presence')::interval`); n != 1 {
		t.Error("they differ")
	}
}

// TestEveryEndIsTracedThoughNobodyComesBack, once, however many sweep at once
// (AA13.b).
func TestEveryEndIsTracedThoughNobodyComesBack(t *testing.T) {
	begin := time.Now().Add(time.Hour)
	for _, c := range []struct {
		want string
		act  func(t *testing.T, x *target)
	}{
		{"idle", func(t *testing.T, x *target) { x.SetClock(t, begin.Add(15*time.Minute)) }},
		{"expired", func(t *testing.T, x *target) {
			for at := begin; at.Before(begin.Add(8 * time.Hour)); at = at.Add(10 * time.Minute) {
				x.SetClock(t, at)
				if _, err := x.portal.ReadHome(t.Context(), x.token); err != nil {
					t.Fatal(err)
				}
			}
			x.SetClock(t, begin.Add(8*time.Hour))
		}},
		{"replaced", func(t *testing.T, x *target) {
			if _, err := x.Superuser(t).Exec(`INSERT INTO guichet.session_turn (session, account, at) SELECT o.id, o.account, guichet.clock() FROM guichet.session o WHERE o.token = sha256($1)`, x.again.Token); err != nil {
				t.Fatal(err)
			}
		}},
		{"presence", func(t *testing.T, x *target) {
			x.choose(t, "session.mode", "refuse")
			x.sign(t, x.token, begin)
			if _, err := x.Superuser(t).Exec(`UPDATE guichet.session SET opened = $2, seen = $2 WHERE token = sha256($1)`, x.again.Token, begin); err != nil {
				t.Fatal(err)
			}
			x.SetClock(t, begin.Add(3*time.Minute))
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			x := newTarget(t)
			x.SetClock(t, begin)
			x.token = x.signIn(t, camille, "sub-camille")
			x.again = x.beside(t, x.token)
			c.act(t, x)
			var sweepers sync.WaitGroup
			for range 4 {
				process := x.Open(t, "guichet_portal")
				sweepers.Go(func() {
					if err := process.Housekeep(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			sweepers.Wait()
			db := x.Superuser(t)
			id := word(t, db, `SELECT id FROM guichet.session WHERE token = sha256($1)`, x.token.Token)
			if got := word(t, db, `SELECT string_agg(reason, ',') FROM guichet.session_end WHERE session = $1`, id); got != c.want {
				t.Errorf("tombstones: got %q, want one of %q", got, c.want)
			}
			if got := word(t, db, `SELECT string_agg(reason, ',') FROM guichet.trace WHERE type = 'session.end' AND session = $1`, id); got != c.want {
				t.Errorf("entries: got %q, want one of %q", got, c.want)
			}
			if n := number(t, db, `SELECT count(*) FROM guichet.session WHERE id = $1 AND watched`, id); n != 0 {
				t.Error("it is still watched")
			}
		})
	}
}

// TestWhatIsKeptOfASession goes at once when its person leaves, an hour after
// any other end, and all of it after a month.
func TestWhatIsKeptOfASession(t *testing.T) {
	x := newTarget(t)
	begin := time.Now().Add(time.Minute)
	x.SetClock(t, begin)
	x.token = x.signIn(t, camille, "sub-camille")
	x.tokenTwo = x.signIn(t, lea, "sub-lea")
	for _, req := range []store.Request{x.token, x.tokenTwo} {
		if err := x.portal.SaveSession(t.Context(), req.Token, []byte("kept")); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.portal.EndSession(t.Context(), x.tokenTwo, record.EndLogout); err != nil {
		t.Fatal(err)
	}
	sweep := func(at time.Duration) {
		t.Helper()
		x.SetClock(t, begin.Add(at))
		if err := x.portal.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kept := func(req store.Request) string {
		t.Helper()
		s, err := x.portal.LoadSession(t.Context(), req, false)
		if err != nil {
			t.Fatal(err)
		}
		return string(s.Values)
	}
	db := x.Superuser(t)
	sealed := func(req store.Request) int {
		return number(t, db, `SELECT count(*) FROM guichet.session WHERE token = sha256($1) AND sealed IS NOT NULL`, req.Token)
	}
	if kept(x.tokenTwo) != "" || sealed(x.tokenTwo) != 0 {
		t.Error("something is left after its person has left")
	}
	sweep(16 * time.Minute)
	if kept(x.token) != "kept" {
		t.Error("nothing is left to close the provider's session by")
	}
	sweep(15*time.Minute + time.Hour)
	if kept(x.token) != "" || sealed(x.token) != 0 {
		t.Error("something is left after an hour")
	}
	wantStanding(t, x.portal, x.token, "idle")
	if err := x.portal.SaveSession(t.Context(), x.token.Token, []byte("more")); err != nil || sealed(x.token) != 0 {
		t.Errorf("a session that is over keeps something new (%v)", err)
	}
	sweep(32 * 24 * time.Hour)
	if _, err := x.portal.LoadSession(t.Context(), x.token, false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("after a month: got %v", err)
	}
	for _, table := range []string{"session_end", "session_turn"} {
		if n := number(t, db, `SELECT count(*) FROM guichet.`+table+` e WHERE NOT EXISTS (SELECT FROM guichet.session s WHERE s.id = e.session)`); n != 0 {
			t.Errorf("%s: %d rows of no session", table, n)
		}
	}
	if n := number(t, db, `SELECT count(*) FROM guichet.sign_in_attempt WHERE at < guichet.clock() - interval '1 day'`); n != 0 {
		t.Errorf("%d used states", n)
	}
	// Traces stay.
	if n := number(t, db, `SELECT count(*) FROM guichet.trace WHERE type = 'sign-in'`); n < 4 {
		t.Errorf("%d sign-ins are traced", n)
	}
}

// TestIncident: "that was not me" closes every session of the account and no
// other, alerts once, and serves once from each session (AA8.e).
func TestIncident(t *testing.T) {
	x := newTarget(t)
	now := time.Now().Add(time.Minute)
	x.SetClock(t, now)
	thief := x.signIn(t, camille, "sub-camille")
	if err := x.portal.ReportIncident(t.Context(), x.token); err != nil { // from the tombstone
		t.Fatal(err)
	}
	wantStanding(t, x.portal, thief, "admin")
	wantStanding(t, x.portal, x.again, "admin")
	wantStanding(t, x.portal, x.token, "replaced")
	wantStanding(t, x.portal, x.tokenTwo, "live")
	db := x.Superuser(t)
	if got := word(t, db, `SELECT string_agg(t.type || ' ' || t.reason, ',') FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'not-me'`); got != "incident.report replaced" {
		t.Errorf("alerts: got %q", got)
	}
	later := x.signIn(t, camille, "sub-camille")
	if err := x.portal.ReportIncident(t.Context(), x.token); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, x.portal, later, "live") // a stolen tombstone closes nothing for ever
	if err := x.portal.ReportIncident(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, x.portal, later, "admin")
	if n := number(t, db, `SELECT count(*) FROM guichet.trace WHERE type = 'incident.report'`); n != 2 {
		t.Errorf("%d incidents, want 2", n)
	}
	x.SetClock(t, now.Add(25*time.Hour))
	for name, req := range map[string]store.Request{"too late": thief, "no session": storetest.Request()} {
		if err := x.portal.ReportIncident(t.Context(), req); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestHolderClosesTheAccount: its sessions end, it opens no more, and the
// hospital can open it again (GA4.d).
func TestHolderClosesTheAccount(t *testing.T) {
	x := newTarget(t)
	db := x.Superuser(t)
	live := x.signIn(t, camille, "sub-camille")
	x.choose(t, "session.mode", "refuse")
	waiting, err := x.trySignIn(t, camille, "sub-camille")
	if fault.KindOf(err) != fault.Ended {
		t.Fatalf("a second session: got %v", err)
	}
	holder, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback()
	if _, err := holder.Exec(`SELECT FROM guichet.session FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	var clicks sync.WaitGroup
	var closed atomic.Int32
	const clicked = 4
	for range clicked {
		clicks.Go(func() {
			switch err := x.portal.CloseAccount(t.Context(), live); {
			case err == nil:
				closed.Add(1)
			case fault.KindOf(err) != fault.Ended:
				t.Error(err)
			}
		})
	}
	awaitLocked(t, db, clicked) // all at once
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	clicks.Wait()
	if closed.Load() != 1 {
		t.Errorf("closed %d times", closed.Load())
	}
	wantStanding(t, x.portal, live, "logout")
	wantStanding(t, x.portal, waiting, "logout")
	wantStanding(t, x.portal, x.tokenTwo, "live")
	if got := word(t, db, `SELECT c.state || ' ' || c.reason || ' by ' || a.role FROM guichet.account_state c JOIN guichet.trace t ON t.id = c.entry AND t.type = 'account.block' AND t.outcome = 'granted' AND t.reason = 'holder'
		JOIN guichet.account a ON a.id = t.account AND a.id = c.account`); got != "blocked holder by patient" {
		t.Errorf("got %q", got)
	}
	if _, err := x.portal.ReadReport(t.Context(), live, x.own); fault.KindOf(err) != fault.Ended {
		t.Errorf("a read: got %v", err)
	}
	_, err = x.trySignIn(t, camille, "sub-camille")
	if refusal, ok := errors.AsType[*store.Refusal](err); !ok || refusal.Reason != "account-blocked" {
		t.Errorf("the next sign-in: got %v", err)
	}
	if err := x.intake.CloseAccount(t.Context(), x.feed); err == nil {
		t.Error("a feed closes an account")
	}
}

// TestRefusedAttemptsSince: the next sign-in tells how many were refused and
// when the latest was; what was given up is none (AA9).
func TestRefusedAttemptsSince(t *testing.T) {
	x := newTarget(t)
	at := sampled.AddDate(1, 0, 0)
	for i, state := range []string{"one", "one", "one"} { // the same answer of the provider, three times
		x.SetClock(t, at.Add(time.Duration(i)*time.Hour))
		_, err := x.portal.SignIn(t.Context(), storetest.Request(), evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub-camille", State: state, Role: record.RolePatient, Identity: camille}))
		if (i == 0) != (err == nil) {
			t.Fatal(err)
		}
	}
	x.SetClock(t, at.Add(5*time.Hour))
	req := storetest.Request()
	arrival, err := x.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: "sub-camille", State: "two", Role: record.RolePatient, Identity: camille}))
	if err != nil {
		t.Fatal(err)
	}
	home, err := x.portal.ReadHome(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for name, last := range map[string]*record.SignIn{"sign-in": arrival.LastSignIn, "home": home.LastSignIn} {
		if last == nil || !last.At.Equal(at) || last.Refused != 2 || !last.RefusedAt.Equal(at.Add(2*time.Hour)) {
			t.Errorf("%s: got %+v", name, last)
		}
	}
}

// TestSessionIsEndedThoughTheDatabaseIsAway: a session in which something went
// wrong opens nothing from then on, and is over everywhere when the database is
// back (DT8).
func TestSessionIsEndedThoughTheDatabaseIsAway(t *testing.T) {
	x := newTargetIn(t, storetest.NewCluster(t, nil))
	other := x.Open(t, "guichet_portal")
	if err := x.Cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := x.portal.EndSession(t.Context(), x.token, record.EndError); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("got %v", err)
	}
	wantStanding(t, x.portal, x.token, "error")
	if _, err := x.portal.ReadHome(t.Context(), x.token); fault.KindOf(err) != fault.Ended {
		t.Errorf("got %v, want it ended", err)
	}
	if err := x.portal.Housekeep(t.Context()); err == nil {
		t.Error("told a database that is away")
	}
	if err := x.Cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, x.portal, x.token, "error")
	wantStanding(t, other, x.tokenTwo, "live") // that one and no other
	if err := x.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, other, x.token, "error")
	if n := number(t, x.Superuser(t), `SELECT count(*) FROM guichet.trace WHERE type = 'session.end' AND reason = 'error'`); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	if n := x.portal.Condemned(); n != 0 {
		t.Errorf("%d are still to be ended", n)
	}
}

// TestSessionDoesNotOutliveTheProviders: a professional's session ends when the
// provider's own does, whatever the settings allow and however it is used.
func TestSessionDoesNotOutliveTheProviders(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second).Add(time.Minute)
	w.SetClock(t, now)
	req := storetest.Request()
	if _, err := w.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "psc", Issuer: "https://psc.example", Subject: "899700100164", State: "s",
		Role: record.RolePhysician, Identity: record.Identity{Family: "LEMAIRE", Given: "Pascale"}, Until: now.Add(25 * time.Minute)})); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{10 * time.Minute, 20 * time.Minute, 25*time.Minute - time.Second} {
		w.SetClock(t, now.Add(after))
		if _, err := w.portal.ReadHome(t.Context(), req); err != nil {
			t.Fatalf("after %s: %v", after, err)
		}
		standing, err := w.portal.NotePresence(t.Context(), req)
		if err != nil || !standing.EndsAt.Equal(now.Add(25*time.Minute)) {
			t.Errorf("after %s: told to end at %+v, %v", after, standing, err)
		}
	}
	w.SetClock(t, now.Add(25*time.Minute))
	if _, err := w.portal.ReadHome(t.Context(), req); fault.KindOf(err) != fault.Ended {
		t.Errorf("when the provider's is over: got %v", err)
	}
	wantStanding(t, w.portal, req, "expired")
}
