package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/auth"
	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"

	"pgregory.net/rapid"
)

// door is a portal that people try to come in by, under a clock of the test's.
type door struct {
	*world
	admin *sql.DB
	now   time.Time
}

func newDoor(t testing.TB) *door {
	t.Helper()
	d := &door{world: newWorld(t), now: time.Now().Truncate(time.Second).Add(time.Second)}
	d.SetClock(t, d.now)
	d.admin = d.Superuser(t)
	return d
}

func (d *door) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := d.admin.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// pass moves the database's clock.
func (d *door) pass(t testing.TB, by time.Duration) {
	t.Helper()
	d.now = d.now.Add(by)
	d.exec(t, `UPDATE guichet.test_clock SET at = $1`, d.now)
}

func (d *door) choose(t testing.TB, name, value string) {
	t.Helper()
	d.exec(t, `INSERT INTO guichet.setting (name, value, at, entry) SELECT $1, $2, guichet.clock(), count(*) FROM guichet.setting`, name, value)
}

func (d *door) number(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.admin.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func from(address string) store.Request {
	req := storetest.Request()
	req.Address = netip.MustParseAddr(address)
	return req
}

const somewhere, elsewhere = "203.0.113.7", "203.0.113.8"

// waits returns how long a request's address must wait.
func (d *door) waits(t testing.TB, address string) time.Duration {
	t.Helper()
	return waitOf(t, d.portal.MayTry(context.Background(), from(address), "franceconnect"))
}

func waitOf(t testing.TB, err error) time.Duration {
	t.Helper()
	if err == nil {
		return 0
	}
	delayed, ok := errors.AsType[*store.Delayed](err)
	if !ok || fault.KindOf(err) != fault.RateLimited {
		t.Fatalf("got %v, want a delay", err)
	}
	return delayed.Wait
}

// fail tries and fails, and returns how long the address had to wait instead.
func (d *door) fail(t testing.TB, address, reason string) time.Duration {
	t.Helper()
	if wait := waitOf(t, d.portal.BeginTry(context.Background(), from(address), "franceconnect")); wait > 0 {
		return wait
	}
	if err := d.portal.RefuseSignIn(context.Background(), from(address), "franceconnect", reason); err != nil {
		t.Fatal(err)
	}
	return 0
}

// ladder is the delay after a failure, as the rule says it.
func ladder(failure int, limit time.Duration) time.Duration {
	wait := 2 * time.Second
	for range failure - 1 {
		if wait *= 2; wait > limit {
			return limit
		}
	}
	return wait
}

// TestDelayAfterEachFailure: two seconds, doubling, to the cap, to the second
// (AA7.d): an hour at the twelfth, a day at the seventeenth.
func TestDelayAfterEachFailure(t *testing.T) {
	for _, c := range []struct {
		cap    string
		limit  time.Duration
		at     int // the failure that first meets the cap
		forget string
	}{{"", time.Hour, 12, ""}, {"24 hours", 24 * time.Hour, 17, "72 hours"}, {"48 hours", 24 * time.Hour, 17, "72 hours"}, {"1 minute", time.Minute, 6, ""}} {
		t.Run("cap "+c.cap, func(t *testing.T) {
			d := newDoor(t)
			if c.cap != "" {
				d.choose(t, "delay.cap", c.cap)
			}
			if c.forget != "" {
				d.choose(t, "delay.forget", c.forget)
			}
			for n := 1; n <= 20; n++ {
				if wait := d.fail(t, somewhere, "state"); wait != 0 {
					t.Fatalf("failure %d: must wait %s", n, wait)
				}
				want := ladder(n, c.limit)
				if n >= c.at {
					want = c.limit
				}
				if got := d.waits(t, somewhere); got != want {
					t.Errorf("after failure %d: wait %s, want %s", n, got, want)
				}
				d.pass(t, want-time.Microsecond)
				if got := d.fail(t, somewhere, "state"); got != time.Microsecond { // too early, and not counted
					t.Errorf("after failure %d, a moment before its time: wait %s", n, got)
				}
				d.pass(t, time.Microsecond)
			}
			if d.waits(t, elsewhere) != 0 {
				t.Error("another address waits")
			}
			if n := d.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'sign-in'`); n != 20 {
				t.Errorf("%d tries were evaluated, want 20", n)
			}
		})
	}
}

// TestAThousandAtOnce: of a thousand tries begun side by side, over two
// processes, few are evaluated, and they cost what they would have in line.
func TestAThousandAtOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		last bool // all begin before any fails
	}{{"as they come", false}, {"all begun before the first fails", true}} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			processes := []*store.Store{d.portal, d.Open(t, "guichet_portal")}
			var evaluated atomic.Int64
			var begun, ended sync.WaitGroup
			begun.Add(1000)
			for i := range 1000 {
				ended.Go(func() {
					process := processes[i%2]
					err := process.BeginTry(context.Background(), from(somewhere), "franceconnect")
					begun.Done()
					if err != nil {
						if fault.KindOf(err) != fault.RateLimited {
							t.Error(err)
						}
						return
					}
					if c.last {
						begun.Wait()
					}
					evaluated.Add(1)
					if err := process.RefuseSignIn(context.Background(), from(somewhere), "franceconnect", "nonce"); err != nil {
						t.Error(err)
					}
				})
			}
			ended.Wait()
			n := int(evaluated.Load())
			if n < 1 || n > 20 || c.last && n != 20 {
				t.Errorf("%d were evaluated", n)
			}
			var inLine time.Duration
			for k := 1; k <= n; k++ {
				inLine += ladder(k, time.Hour)
			}
			if got := d.waits(t, somewhere); got != inLine {
				t.Errorf("after %d failures at once: wait %s, want %s as in line", n, got, inLine)
			}
			if got := d.number(t, `SELECT failures FROM guichet.delay`); got != n {
				t.Errorf("%d failures are counted, of %d", got, n)
			}
			if got := d.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'delay.start'`); got != 1 {
				t.Errorf("%d delays began", got)
			}
			if got := d.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'delay.refused'`); got != 1 {
				t.Errorf("%d entries of the tries that were refused, want 1", got)
			}
			if got := d.number(t, `SELECT count(*) FROM guichet.sign_in_try`); got != 0 {
				t.Errorf("%d places are still taken", got)
			}
		})
	}
}

// TestTwentyAtOnceAreLetIn: people behind one address who sign in at the same
// moment are not taken for an attack; and their places come free.
func TestTwentyAtOnceAreLetIn(t *testing.T) {
	d := newDoor(t)
	d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	begin := func() time.Duration {
		return waitOf(t, d.portal.BeginTry(t.Context(), from(somewhere), "franceconnect"))
	}
	for range 3 {
		var people sync.WaitGroup
		for range 20 {
			people.Go(func() {
				if wait := begin(); wait != 0 {
					t.Errorf("must wait %s", wait)
				}
			})
		}
		people.Wait()
		if wait := begin(); wait != 2*time.Second {
			t.Errorf("one too many: wait %s, want 2s", wait)
		}
		if wait := d.waits(t, elsewhere); wait != 0 {
			t.Errorf("another address waits %s", wait)
		}
		for i := range 20 {
			people.Go(func() {
				var err error
				if i%2 == 0 {
					err = d.portal.RefuseSignIn(t.Context(), from(somewhere), "franceconnect", "denied")
				} else {
					err = d.signInFrom(t, somewhere, "sub")
				}
				if err != nil && fault.KindOf(err) != fault.Ended { // opened, and replaced by one of the others
					t.Error(err)
				}
			})
		}
		people.Wait()
	}
	if n := d.number(t, `SELECT sum(failures) FROM guichet.delay`); n != 0 {
		t.Errorf("%d failures are counted", n)
	}
}

// signInFrom signs Camille in from an address, as a subject.
func (d *door) signInFrom(t testing.TB, address, subject string) error {
	t.Helper()
	req := from(address)
	_, err := d.portal.SignIn(context.Background(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: subject,
		State: req.ID.String(), Role: record.RolePatient, Identity: camille}))
	return err
}

// TestAProcessThatDies leaves its tries' places for a minute.
func TestAProcessThatDies(t *testing.T) {
	d := newDoor(t)
	for range 20 {
		if err := d.portal.BeginTry(t.Context(), from(somewhere), "psc"); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(t, 59*time.Second)
	if err := d.portal.BeginTry(t.Context(), from(somewhere), "psc"); fault.KindOf(err) != fault.RateLimited {
		t.Errorf("within the minute: got %v", err)
	}
	d.pass(t, time.Second)
	if err := d.portal.BeginTry(t.Context(), from(somewhere), "psc"); err != nil {
		t.Errorf("after it: got %v", err)
	}
	d.pass(t, 2*time.Minute)
	if err := d.portal.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.number(t, `SELECT (SELECT count(*) FROM guichet.sign_in_try) + (SELECT count(*) FROM guichet.delay)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// TestDelayIsShared: another process knows it, also one started later.
func TestDelayIsShared(t *testing.T) {
	d := newDoor(t)
	d.fail(t, somewhere, "exchange")
	if err := d.portal.Close(); err != nil {
		t.Fatal(err)
	}
	d.portal = d.Open(t, "guichet_portal")
	if got := d.waits(t, somewhere); got != 2*time.Second {
		t.Errorf("got %s, want 2s", got)
	}
}

// TestDelaySurvivesACrash of the database: it is as durable as its entry.
func TestDelaySurvivesACrash(t *testing.T) {
	d := &door{world: newWorldIn(t, storetest.NewCluster(t, nil))}
	for range 11 { // begun before the first failed
		if err := d.portal.BeginTry(t.Context(), from(somewhere), "psc"); err != nil {
			t.Fatal(err)
		}
	}
	for range 11 {
		if err := d.portal.RefuseSignIn(t.Context(), from(somewhere), "psc", "state"); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := d.Cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.portal = d.Open(t, "guichet_portal")
	if got := d.waits(t, somewhere); got < time.Hour || got > 4094*time.Second {
		t.Errorf("got %s, want what was left of 4094s", got)
	}
}

func TestAnIPv6NetworkIsOneAddress(t *testing.T) {
	d := newDoor(t)
	d.fail(t, "2001:db8:1:2::1", "state")
	for address, want := range map[string]time.Duration{"2001:db8:1:2:ffff::9": 2 * time.Second, "2001:db8:1:3::1": 0, "::ffff:203.0.113.7": 0, somewhere: 0} {
		if got := d.waits(t, address); got != want {
			t.Errorf("%s: wait %s, want %s", address, got, want)
		}
	}
	d.fail(t, "::ffff:203.0.113.7", "state")
	if got := d.waits(t, somewhere); got != 2*time.Second {
		t.Errorf("IPv4 written as IPv6 is another address: wait %s", got)
	}
}

func TestAnAddressIsForgotten(t *testing.T) {
	for _, c := range []struct {
		name        string
		cap, forget string
		quiet, want time.Duration
	}{
		{"not before a day", "", "", 24*time.Hour - time.Second, 8 * time.Second},
		{"after a day", "", "", 24 * time.Hour, 2 * time.Second},
		{"as the hospital chose", "", "2 hours", 2 * time.Hour, 2 * time.Second},
		{"not as soon as a long delay is over", "24 hours", "3 seconds", 24 * time.Hour, 8 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoor(t)
			if c.cap != "" {
				d.choose(t, "delay.cap", c.cap)
			}
			if c.forget != "" {
				d.choose(t, "delay.forget", c.forget)
			}
			d.fail(t, somewhere, "state")
			d.pass(t, 2*time.Second)
			d.fail(t, somewhere, "state")
			d.pass(t, c.quiet)
			if err := d.portal.Housekeep(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.fail(t, somewhere, "state")
			if got := d.waits(t, somewhere); got != c.want {
				t.Errorf("wait %s, want %s", got, c.want)
			}
		})
	}
}

// TestHousekeepingForgets the rows of addresses that are forgotten.
func TestHousekeepingForgets(t *testing.T) {
	d := newDoor(t)
	d.fail(t, somewhere, "state")
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{time.Hour, 1}, {22 * time.Hour, 1}, {time.Hour + time.Second, 0}} {
		d.pass(t, c.after)
		if err := d.portal.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := d.number(t, `SELECT count(*) FROM guichet.delay`); n != c.want {
			t.Errorf("%s later: %d rows, want %d", c.after, n, c.want)
		}
	}
}

// TestSuccessClearsTheAccountAndNotTheAddress: else who has an account could try
// others' without end (AA7.d).
func TestSuccessClearsTheAccountAndNotTheAddress(t *testing.T) {
	d := newDoor(t)
	d.choose(t, "delay.identity", "on")
	d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		d.failAs(t, somewhere, "sub")
		d.pass(t, 8*time.Second)
	}
	if n := d.number(t, `SELECT failures FROM guichet.delay WHERE account IS NOT NULL`); n != 3 {
		t.Errorf("the account has %d failures, want 3", n)
	}
	if err := d.signInFrom(t, somewhere, "sub"); err != nil {
		t.Fatal(err)
	}
	if n := d.number(t, `SELECT count(*) FROM guichet.delay WHERE account IS NOT NULL`); n != 0 {
		t.Error("the account's failures are not cleared")
	}
	d.fail(t, somewhere, "state")
	if got := d.waits(t, somewhere); got != 16*time.Second {
		t.Errorf("the address: wait %s after its fourth failure, want 16s", got)
	}
}

// failAs fails as a known subject: its answer has served already.
func (d *door) failAs(t testing.TB, address, subject string) {
	t.Helper()
	req := from(address)
	_, err := d.portal.SignIn(context.Background(), req, evidenced(store.Identified{Provider: "psc", Issuer: "https://fc.example", Subject: subject,
		State: req.ID.String(), Role: record.RoleNurse, Identity: camille}))
	if fault.KindOf(err) != fault.Unmatched {
		t.Fatalf("got %v, want another role refused", err)
	}
}

// TestAccountsAreDelayedToFiveMinutes where the hospital chose so: at the ninth
// failure, whatever address they come from (AA7.c).
func TestAccountsAreDelayedToFiveMinutes(t *testing.T) {
	for _, setting := range []string{"on", "off"} {
		t.Run(setting, func(t *testing.T) {
			d := newDoor(t)
			d.choose(t, "delay.identity", setting)
			d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
			if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
				t.Fatal(err)
			}
			for n := 1; n <= 12; n++ {
				address := fmt.Sprintf("198.51.100.%d", n)
				d.failAs(t, address, "sub")
				want := min(ladder(n, time.Hour), 5*time.Minute)
				if setting == "off" {
					want = 0
				}
				if got := waitOf(t, d.signInFrom(t, elsewhere, "sub")); got != want {
					t.Errorf("after failure %d: wait %s, want %s", n, got, want)
				}
				if want == 0 {
					return
				}
				d.pass(t, want)
			}
			if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
				t.Errorf("after the wait: %v", err)
			}
		})
	}
}

// TestFailuresElsewhereAreNotAddedUp: whoever fails as somebody, from many
// addresses at once, makes them wait five minutes at most (AA7.e).
func TestFailuresElsewhereAreNotAddedUp(t *testing.T) {
	d := newDoor(t)
	d.choose(t, "delay.identity", "on")
	d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
		t.Fatal(err)
	}
	for range 30 { // each had been let in before the first counted
		d.exec(t, `SELECT guichet.count_failure(NULL, (SELECT account FROM guichet.identity WHERE issuer = 'https://fc.example'), '{198.51.100.1}', gen_random_uuid())`)
	}
	if got := waitOf(t, d.signInFrom(t, elsewhere, "sub")); got != 5*time.Minute {
		t.Errorf("wait %s, want 5m", got)
	}
}

// TestNoAccountIsLocked: a hundred failures elsewhere leave the account as it
// was, and its owner comes in at once (AA7.e).
func TestNoAccountIsLocked(t *testing.T) {
	d := newDoor(t)
	d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
		t.Fatal(err)
	}
	account := `SELECT hashtext(string_agg(a::text, ',')) FROM guichet.account a`
	before := d.number(t, account)
	for range 100 {
		d.failAs(t, somewhere, "sub")
	}
	if after := d.number(t, account); after != before {
		t.Error("the account has changed")
	}
	if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
		t.Errorf("its owner: %v", err)
	}
}

// TestASharedAddress has a rule of its own: ten failures of a quarter of an hour
// cost nothing, and nobody waits longer than five seconds.
func TestASharedAddress(t *testing.T) {
	d := newDoor(t)
	d.choose(t, "delay.shared", "192.0.2.0/24, 203.0.113.0/28,2001:db8::/48")
	for n := 1; n <= 20; n++ {
		if wait := d.fail(t, somewhere, "state"); wait != 0 {
			t.Fatalf("failure %d: must wait %s", n, wait)
		}
		want := time.Duration(0)
		if n > 10 {
			want = min(ladder(n-10, time.Hour), 5*time.Second)
		}
		if got := d.waits(t, somewhere); got != want {
			t.Errorf("after failure %d: wait %s, want %s", n, got, want)
		}
		d.pass(t, want)
	}
	d.pass(t, 15*time.Minute)
	d.fail(t, somewhere, "state")
	if got := d.waits(t, somewhere); got != 0 {
		t.Errorf("a quarter of an hour later: wait %s", got)
	}
	d.fail(t, "203.0.113.16", "state")
	if got := d.waits(t, "203.0.113.16"); got != 2*time.Second {
		t.Errorf("beside the shared network: wait %s, want 2s", got)
	}
	for range 50 {
		if err := d.portal.BeginTry(t.Context(), from("2001:db8::1"), "psc"); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 { // at once, they are not added up
		if err := d.portal.RefuseSignIn(t.Context(), from("2001:db8::1"), "psc", "state"); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.waits(t, "2001:db8::1"); got != 5*time.Second {
		t.Errorf("after fifty at once: wait %s, want 5s", got)
	}
	if got := alerts(t, d.portal); !slices.Contains(got, "sign-in.address") {
		t.Errorf("alerts: got %v, want the address's", got)
	}
}

// TestTheClockJumps: set back, what is left is waited from now, and no longer;
// ahead, the wait is over.
func TestTheClockJumps(t *testing.T) {
	const year = 365 * 24 * time.Hour
	d := newDoor(t)
	for range 5 {
		d.fail(t, somewhere, "state")
		d.pass(t, d.waits(t, somewhere))
	}
	d.fail(t, somewhere, "state")
	d.pass(t, -year)
	if got := d.waits(t, somewhere); got != 64*time.Second {
		t.Errorf("set back a year: wait %s, want 1m4s", got)
	}
	d.pass(t, 63*time.Second)
	if got := d.waits(t, somewhere); got != time.Second {
		t.Errorf("63s later: wait %s, want 1s", got)
	}
	d.pass(t, time.Second)
	d.fail(t, somewhere, "state")
	if got := d.waits(t, somewhere); got != 128*time.Second {
		t.Errorf("the seventh failure: wait %s, want 2m8s", got)
	}
	d.pass(t, year)
	if got := d.waits(t, somewhere); got != 0 {
		t.Errorf("a year ahead: wait %s", got)
	}
	for range 20 {
		if err := d.portal.BeginTry(t.Context(), from(elsewhere), "psc"); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(t, -year)
	if err := d.portal.BeginTry(t.Context(), from(elsewhere), "psc"); err != nil {
		t.Errorf("places taken in the future: %v", err)
	}
	if err := d.portal.Housekeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDelayAgainstAModel compares the database with the rule as a few lines say
// it, over whatever happens at two addresses.
func TestDelayAgainstAModel(t *testing.T) {
	type model struct {
		failures      int
		failed, until time.Time
		flying        int
	}
	d := newDoor(t)
	d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		addresses := []string{fmt.Sprintf("198.18.%d.%d", round/250, round%250), fmt.Sprintf("2001:db8:%x::1", round)}
		known := map[string]*model{addresses[0]: {}, addresses[1]: {}}
		flights := 0
		r.Repeat(map[string]func(*rapid.T){
			"time passes": func(r *rapid.T) {
				by := rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 31 * time.Second, 17 * time.Minute, time.Hour, 25 * time.Hour}).Draw(r, "by")
				d.pass(t, by)
				if by > 2*time.Minute {
					for _, m := range known {
						m.flying = 0
					}
				}
			},
			"a try begins": func(r *rapid.T) {
				if flights++; flights > 30 {
					r.Skip("enough")
				}
				address := rapid.SampledFrom(addresses).Draw(r, "address")
				m := known[address]
				want := max(m.until.Sub(d.now), 0)
				if got := waitOf(t, d.portal.BeginTry(context.Background(), from(address), "psc")); got != want {
					r.Fatalf("%s may begin after %s, want %s", address, got, want)
				}
				if want == 0 {
					m.flying++
				}
			},
			"a try ends": func(r *rapid.T) {
				address := rapid.SampledFrom(addresses).Draw(r, "address")
				m := known[address]
				if m.flying == 0 {
					r.Skip("none is under way")
				}
				m.flying--
				reason := rapid.SampledFrom([]string{"state", "nonce", "denied", ""}).Draw(r, "reason")
				if reason == "" {
					if err := d.signInFrom(t, address, "sub"); err != nil {
						r.Fatal(err)
					}
					return
				}
				if err := d.portal.RefuseSignIn(context.Background(), from(address), "psc", reason); err != nil {
					r.Fatal(err)
				}
				if reason == "denied" {
					return
				}
				if !d.now.Before(m.failed.Add(24*time.Hour)) && !d.now.Before(m.until.Add(time.Hour)) {
					m.failures = 0
				}
				m.failures, m.failed = m.failures+1, d.now
				if m.until.Before(d.now) {
					m.until = d.now
				}
				m.until = m.until.Add(ladder(m.failures, time.Hour))
			},
			"housekeeping": func(r *rapid.T) {
				if err := d.portal.Housekeep(context.Background()); err != nil {
					r.Fatal(err)
				}
			},
			"": func(r *rapid.T) {
				for address, m := range known {
					if got, want := d.waits(t, address), max(m.until.Sub(d.now), 0); got != want {
						r.Fatalf("%s waits %s, want %s", address, got, want)
					}
				}
			},
		})
	})
}

// TestWhatCountsAsAFailure: every reason that a sign-in is refused for, whether
// package auth or a function gives it, stands in the table of docs/security.md
// and does what the table says.
func TestWhatCountsAsAFailure(t *testing.T) {
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, line := range regexp.MustCompile("(?m)^\\| ((?:`[a-z-]+`(?:, )?)+) \\| (yes|no) \\|").FindAllStringSubmatch(string(text), -1) {
		for _, reason := range strings.Split(line[1], ", ") {
			listed[strings.Trim(reason, "`")] = line[2] == "yes"
		}
	}
	reasons := map[string]bool{"embedded": true}
	for _, reason := range auth.Reasons {
		reasons[string(reason)] = true
	}
	granted := []string{"first", "known", "reconciled", "unused"} // reasons of what is no refusal
	refusals := 0
	for _, file := range []string{"sign_in", "recognise"} {
		function, err := os.ReadFile("functions/" + file + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range regexp.MustCompile(`(?s)v\.reason := ([^;]*);`).FindAllStringSubmatch(string(function), -1) {
			for _, reason := range regexp.MustCompile(`'([a-z-]+[a-z])'`).FindAllStringSubmatch(said[1], -1) {
				if !slices.Contains(granted, reason[1]) {
					reasons[reason[1]] = true
					refusals++
				}
			}
		}
	}
	for _, state := range []store.AccountState{store.Suspended, store.Blocked, store.Closed} {
		reasons["account-"+string(state)] = true
	}
	if refusals < 10 || len(listed) != len(reasons) {
		t.Errorf("%d refusals in sign_in; %d reasons in the table, %d in the code", refusals, len(listed), len(reasons))
	}
	d := newDoor(t)
	for reason := range reasons {
		want, ok := listed[reason]
		if !ok {
			t.Errorf("%s is not in the table", reason)
		}
		var got bool
		if err := d.admin.QueryRow(`SELECT guichet.counts_as_failure($1)`, reason).Scan(&got); err != nil || got != want {
			t.Errorf("%s counts: %v (%v), want %v", reason, got, err, want)
		}
	}
	for i, reason := range auth.Reasons { // and so through the one place that every refusal passes
		address := fmt.Sprintf("198.51.100.%d", i)
		d.fail(t, address, string(reason))
		if got := d.waits(t, address) > 0; got != listed[string(reason)] {
			t.Errorf("after %s: must wait %v", reason, got)
		}
	}
}

// TestWhoHoldsARow stops the sign-ins of that address for as long as he holds it,
// each told to wait, and nobody else's (monitor, section 6).
func TestWhoHoldsARow(t *testing.T) {
	d := newDoor(t)
	thief := d.SQL(t, "guichet_portal")
	tx, err := thief.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SELECT guichet.begin_try(ARRAY[$1::inet], gen_random_uuid(), 'psc')`, somewhere); err != nil {
		t.Fatal(err)
	}
	if got := waitOf(t, d.portal.BeginTry(t.Context(), from(somewhere), "psc")); got != 2*time.Second {
		t.Errorf("that address: wait %s, want 2s", got)
	}
	if err := d.portal.BeginTry(t.Context(), from(elsewhere), "psc"); err != nil {
		t.Errorf("another address: %v", err)
	}
	if err := d.portal.Housekeep(t.Context()); err != nil {
		t.Errorf("housekeeping: %v", err)
	}
}

// TestDelaysAreTraced: begin, early tries, end; each once, and a flood of early
// tries once a minute.
func TestDelaysAreTraced(t *testing.T) {
	d := newDoor(t)
	for range 6 {
		d.fail(t, somewhere, "state")
		d.pass(t, d.waits(t, somewhere))
	}
	d.fail(t, somewhere, "state") // 128 s
	count := func(kind string) int { return d.number(t, `SELECT count(*) FROM guichet.trace WHERE type = $1`, kind) }
	if n := count("delay.start"); n != 7 {
		t.Errorf("%d began, want 7", n)
	}
	if n := count("delay.end"); n != 6 { // seen by the next try
		t.Errorf("%d ended, want 6", n)
	}
	before := count("delay.refused")
	for range 100 {
		d.pass(t, time.Second)
		d.waits(t, somewhere)
	}
	if n := count("delay.refused") - before; n != 2 {
		t.Errorf("a hundred early tries left %d entries, want 2", n)
	}
	d.pass(t, 28*time.Second)
	for range 2 {
		if err := d.portal.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := count("delay.end"); n != 7 {
		t.Errorf("after housekeeping %d ended, want 7", n)
	}
	var ip string
	if err := d.admin.QueryRow(`SELECT host(ip) || ' ' || reason || ' ' || versions[1] FROM guichet.trace WHERE type = 'delay.end' ORDER BY id DESC LIMIT 1`).Scan(&ip); err != nil || ip != somewhere+" elapsed 7" {
		t.Errorf("the end: got %s, %v", ip, err)
	}
}

// alerts are what is announced now.
func alerts(t testing.TB, s *store.Store) []string {
	t.Helper()
	var kinds []string
	if err := s.AnnounceAlerts(context.Background(), "log", 0, func(_ context.Context, a store.Alert) error { kinds = append(kinds, a.Kind); return nil }); err != nil {
		t.Fatal(err)
	}
	return kinds
}

// TestFailuresAreAlerted by address, by account and overall, each once an hour
// (AA7.f).
func TestFailuresAreAlerted(t *testing.T) {
	t.Run("an address", func(t *testing.T) {
		d := newDoor(t)
		for n := range 11 {
			if got := len(alerts(t, d.portal)); got != 0 && n < 10 {
				t.Errorf("after %d failures: %d alerts", n, got)
			}
			d.fail(t, somewhere, "state")
			d.pass(t, d.waits(t, somewhere))
			if n == 9 {
				if got := alerts(t, d.portal); !slices.Equal(got, []string{"sign-in.address"}) {
					t.Errorf("after the tenth: got %v", got)
				}
			}
		}
		if got := alerts(t, d.portal); len(got) != 0 {
			t.Errorf("again within the hour: got %v", got)
		}
	})
	t.Run("an account", func(t *testing.T) {
		d := newDoor(t)
		d.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
		if err := d.signInFrom(t, elsewhere, "sub"); err != nil {
			t.Fatal(err)
		}
		for n := range 5 {
			if got := alerts(t, d.portal); len(got) != 0 {
				t.Errorf("after %d failures: got %v", n, got)
			}
			d.failAs(t, fmt.Sprintf("198.51.100.%d", n), "sub")
		}
		if got := alerts(t, d.portal); !slices.Equal(got, []string{"sign-in.identity"}) {
			t.Errorf("after the fifth: got %v", got)
		}
	})
	t.Run("all together", func(t *testing.T) {
		d := newDoor(t)
		fail := func(first, last int, reason string) {
			var all sync.WaitGroup
			for n := first; n <= last; n++ {
				all.Go(func() { d.fail(t, fmt.Sprintf("2001:db8:%x::1", n), reason) })
			}
			all.Wait()
		}
		fail(1, 50, "state")
		d.pass(t, 15*time.Minute) // out of the window
		fail(51, 149, "nonce")
		fail(150, 170, "denied") // do not count
		if got := alerts(t, d.portal); len(got) != 0 {
			t.Errorf("after 99: got %v", got)
		}
		fail(200, 220, "state")
		if got := alerts(t, d.portal); !slices.Equal(got, []string{"sign-in.overall"}) {
			t.Errorf("after 120: got %v", got)
		}
		d.choose(t, "alert.overall", "1000000000") // a threshold that is never met
		fail(300, 310, "state")
	})
}

// TestAlertsAreAnnouncedOnce, over several processes; and again where the
// process that took them died before it was done.
func TestAlertsAreAnnouncedOnce(t *testing.T) {
	d := newDoor(t)
	d.exec(t, `INSERT INTO guichet.alert (at, kind, about, entry) SELECT guichet.clock(), 'sign-in.address', int4send(n), n FROM generate_series(1, 40) n`)
	d.exec(t, `INSERT INTO guichet.alert (at, kind, about, entry) SELECT guichet.clock(), 'sign-in.address', int4send(1), n FROM generate_series(1, 3) n`) // raised at the same moment
	dying, err := d.SQL(t, "guichet_portal").Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dying.Exec(`SELECT guichet.take_alert('log', NULL)`); err != nil {
		t.Fatal(err)
	}
	if err := dying.Rollback(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	seen := make(map[int64]int)
	var all sync.WaitGroup
	for range 4 {
		process := d.Open(t, "guichet_portal")
		all.Go(func() {
			if err := process.AnnounceAlerts(context.Background(), "log", 0, func(_ context.Context, a store.Alert) error { mu.Lock(); seen[a.Entry]++; mu.Unlock(); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for entry, times := range seen {
		if times != 1 {
			t.Errorf("the alert of entry %d was announced %d times", entry, times)
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d alerts were announced, want 40", len(seen))
	}
}

// TestEachChannelRemembersForItself: what one could not tell is tried again,
// after a minute, two, four… an hour, by whatever process, while the others go
// on; what is too old is told no more.
func TestEachChannelRemembersForItself(t *testing.T) {
	d := newDoor(t)
	ring := func(n int) {
		d.exec(t, `INSERT INTO guichet.alert (at, kind, about, entry) VALUES (guichet.clock(), 'not-me', int4send($1), $1)`, n)
	}
	const week = 7 * 24 * time.Hour
	away := errors.New("the receiver is away")
	tell := func(s *store.Store, channel string, answer error) (told []int64) {
		t.Helper()
		err := s.AnnounceAlerts(t.Context(), channel, week, func(_ context.Context, a store.Alert) error { told = append(told, a.Entry); return answer })
		if !errors.Is(err, answer) && len(told) > 0 {
			t.Fatal(err)
		}
		return told
	}
	waits := func(channel string, want int) {
		t.Helper()
		if n, err := d.portal.WaitingAlerts(t.Context(), channel, week); err != nil || n != want {
			t.Errorf("%s: %d wait, want %d: %v", channel, n, want, err)
		}
	}
	ring(1)
	ring(2)
	if got := tell(d.portal, "mail", away); !slices.Equal(got, []int64{1}) {
		t.Fatalf("mail, away: tried %v, want the first only", got)
	}
	if got := tell(d.portal, "webhook", nil); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("webhook: told %v", got)
	}
	waits("mail", 2)
	waits("webhook", 0)
	if got := tell(d.portal, "mail", nil); !slices.Equal(got, []int64{2}) {
		t.Errorf("mail, back: told %v, want the second: the first has its time", got)
	}
	other := d.Open(t, "guichet_portal")
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour} {
		d.pass(t, wait-time.Second)
		if got := tell(other, "mail", away); len(got) != 0 {
			t.Errorf("tried %v a second before %v", got, wait)
		}
		d.pass(t, time.Second)
		if got := tell(other, "mail", away); !slices.Equal(got, []int64{1}) {
			t.Errorf("after %v: tried %v, want the first", wait, got)
		}
	}
	waits("mail", 1)
	d.pass(t, time.Hour)
	if got := tell(d.portal, "mail", nil); !slices.Equal(got, []int64{1}) {
		t.Errorf("back: told %v", got)
	}
	waits("mail", 0)
	if got := tell(d.Open(t, "guichet_sequencer"), "mail", nil); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("another role: told %v, want both", got)
	}
	ring(3)
	d.pass(t, week)
	waits("mail", 0)
	if got := tell(d.portal, "mail", nil); len(got) != 0 {
		t.Errorf("a week later: told %v", got)
	}
	if got := alerts(t, d.portal); len(got) != 3 {
		t.Errorf("the log: %v, want all three", got)
	}
	if err := d.portal.AnnounceAlerts(t.Context(), "a channel", 0, nil); err == nil {
		t.Error("a channel of any name")
	}
}
