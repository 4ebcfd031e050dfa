package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/fault"
	"guichet/store"
	"guichet/store/storetest"

	"pgregory.net/rapid"
)

// guarded is a door with an operator at the console.
type guarded struct {
	*door
	console  *store.Store
	operator store.Request
}

func newGuarded(t testing.TB) *guarded {
	t.Helper()
	g := &guarded{door: newDoor(t)}
	g.console = g.Open(t, "guichet_console")
	g.comeIn(t)
	return g
}

// comeIn opens the operator's session anew: a test's clock outruns it.
func (g *guarded) comeIn(t testing.TB) {
	t.Helper()
	g.operator = storetest.Request()
	if err := g.console.OpenOperator(t.Context(), g.operator, "admin", limits); err != nil {
		t.Fatal(err)
	}
}

func (g *guarded) block(t testing.TB, network string, lasting time.Duration) {
	t.Helper()
	if err := g.console.BlockNetwork(t.Context(), g.operator, netip.MustParsePrefix(network), lasting); err != nil {
		t.Fatal(err)
	}
}

// kept returns what keeps an address from beginning a sign-in: no wait, where
// nothing does.
func (g *guarded) kept(t testing.TB, address string) store.Delayed {
	t.Helper()
	err := g.portal.BeginTry(context.Background(), from(address), "psc")
	if waitOf(t, err) == 0 {
		return store.Delayed{}
	}
	delayed, _ := errors.AsType[*store.Delayed](err)
	return *delayed
}

// TestBlockedNetwork: for ten minutes nobody signs in from it, everybody from
// elsewhere; then it ends by itself (AA7.g).
func TestBlockedNetwork(t *testing.T) {
	g := newGuarded(t)
	g.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	if got := g.kept(t, somewhere); got.Wait != 0 {
		t.Fatalf("before: got %+v", got)
	}
	g.block(t, "203.0.113.0/29", 10*time.Minute)
	wait := 10 * time.Minute
	for _, by := range []time.Duration{0, time.Second, wait - time.Second - time.Microsecond} {
		g.pass(t, by)
		wait -= by
		if got := g.waits(t, somewhere); got != wait {
			t.Errorf("may begin after %s, want %s", got, wait)
		}
		if got := g.kept(t, somewhere); got.Wait != wait || !got.Blocked || got.Rung != 0 {
			t.Errorf("an answer of the provider: got %+v, want %s", got, wait)
		}
		if got := waitOf(t, g.signInFrom(t, somewhere, "sub")); got != wait { // who began before
			t.Errorf("a person identified: got %s, want %s", got, wait)
		}
		if n := g.number(t, `SELECT count(*) FROM guichet.sign_in_try WHERE network = $1`, somewhere+"/32"); n != 0 {
			t.Errorf("it keeps %d places", n)
		}
		if got := g.kept(t, elsewhere); got.Wait != 0 {
			t.Errorf("another network: got %+v", got)
		}
	}
	g.pass(t, wait)
	if got := g.waits(t, somewhere); got != 0 {
		t.Errorf("at its end: wait %s", got)
	}
	if err := g.signInFrom(t, somewhere, "sub"); err != nil {
		t.Errorf("at its end: %v", err)
	}
}

// TestBlockedIPv6Network: whoever has one address has its /64 (AA7.d).
func TestBlockedIPv6Network(t *testing.T) {
	g := newGuarded(t)
	for text, want := range map[string]string{"2001:db8:1:2::9": "2001:db8:1:2::/64", "2001:db8:1:2::9/128": "2001:db8:1:2::/64", "2001:db8::/32": "2001:db8::/32",
		"203.0.113.7": "203.0.113.7/32", "::ffff:203.0.113.7": "203.0.113.7/32", "203.0.113.0/24": "203.0.113.0/24",
		"203.0.113.7/24": "", "203.0.113.0/33": "", "here": "", "": "", "203.0.113": "", "203.0.113.0/24 ": "", "::ffff:203.0.113.0/120": ""} {
		got, err := store.ParseNetwork(text)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: got %s, %v, want %q", text, got, err, want)
		}
	}
	g.block(t, "2001:db8:1:2::/64", time.Hour)
	for address, want := range map[string]bool{"2001:db8:1:2:ffff::1": true, "2001:db8:1:3::1": false, somewhere: false} {
		if got := g.kept(t, address).Blocked; got != want {
			t.Errorf("%s: kept out %v, want %v", address, got, want)
		}
	}
}

// TestBlocksAndDelays: the longer of the two is told, and why.
func TestBlocksAndDelays(t *testing.T) {
	g := newGuarded(t)
	for range 7 { // 128 s
		g.fail(t, somewhere, "state")
		g.pass(t, g.waits(t, somewhere))
	}
	g.fail(t, somewhere, "state") // 256 s
	g.block(t, "203.0.113.0/24", time.Minute)
	if got := g.kept(t, somewhere); got.Wait != 256*time.Second || got.Blocked || got.Rung != 8 {
		t.Errorf("a delay that is longer: got %+v", got)
	}
	g.block(t, "203.0.0.0/16", 20*time.Minute)
	if got := g.kept(t, somewhere); got.Wait != 20*time.Minute || !got.Blocked || got.Rung != 0 {
		t.Errorf("a wider block that is longer: got %+v", got)
	}
	g.block(t, "203.0.0.0/16", 2*time.Minute) // the latest counts
	if got := g.waits(t, "203.0.114.1"); got != 2*time.Minute {
		t.Errorf("blocked anew: wait %s", got)
	}
}

// TestUnblock: an operator may end a block before its time, that very one.
func TestUnblock(t *testing.T) {
	g := newGuarded(t)
	unblock := func(network string) error {
		return g.console.UnblockNetwork(t.Context(), g.operator, netip.MustParsePrefix(network))
	}
	g.block(t, "203.0.113.0/24", time.Hour)
	g.block(t, "203.0.113.7/32", time.Hour)
	wantDeclined(t, unblock("203.0.113.8/32"), "absent")
	g.pass(t, time.Minute)
	if err := unblock("203.0.113.0/24"); err != nil {
		t.Fatal(err)
	}
	if g.kept(t, elsewhere).Blocked || !g.kept(t, somewhere).Blocked {
		t.Error("want the network free, and the address that has a block of its own not")
	}
	wantDeclined(t, unblock("203.0.113.0/24"), "absent")
	g.block(t, "203.0.113.0/24", time.Hour)
	if !g.kept(t, elsewhere).Blocked {
		t.Error("blocked again: not kept out")
	}
	g.pass(t, time.Hour)
	g.comeIn(t)
	wantDeclined(t, unblock("203.0.113.0/24"), "absent") // it is over
}

func wantDeclined(t testing.TB, err error, reason string) {
	t.Helper()
	if declined, ok := errors.AsType[*store.Declined](err); !ok || declined.Reason != reason {
		t.Errorf("got %v, want it refused for %s", err, reason)
	}
}

// TestBlockIsBounded, and what is refused is traced and blocks nothing.
func TestBlockIsBounded(t *testing.T) {
	g := newGuarded(t)
	for _, c := range []struct {
		network string
		lasting time.Duration
		refused string
	}{
		{"203.0.0.0/16", time.Hour, ""}, {"203.0.0.0/15", time.Hour, "network"}, {"0.0.0.0/0", time.Hour, "network"},
		{"2001:db8::/32", time.Hour, ""}, {"2001:db8::/31", time.Hour, "network"}, {"::/0", time.Hour, "network"},
		{"2001:db8::/65", time.Hour, "network"}, {"::ffff:203.0.113.0/120", time.Hour, "network"}, // would block nobody
		{"198.51.100.1/32", time.Minute, ""}, {"198.51.100.1/32", time.Minute - time.Microsecond, "duration"}, {"198.51.100.1/32", -time.Hour, "duration"}, {"198.51.100.1/32", 0, "duration"},
		{"198.51.100.1/32", 168 * time.Hour, ""}, {"198.51.100.1/32", 168*time.Hour + time.Microsecond, "duration"},
	} {
		before := g.number(t, `SELECT count(*) FROM guichet.blocked_network`)
		err := g.console.BlockNetwork(t.Context(), g.operator, netip.MustParsePrefix(c.network), c.lasting)
		added := g.number(t, `SELECT count(*) FROM guichet.blocked_network`) - before
		var traced string
		if err := g.admin.QueryRow(`SELECT outcome || ' ' || reason FROM guichet.trace WHERE type = 'network.block' ORDER BY id DESC LIMIT 1`).Scan(&traced); err != nil {
			t.Fatal(err)
		}
		if c.refused == "" {
			if err != nil || added != 1 || traced != "granted operator" {
				t.Errorf("%s for %s: got %v, %d rows, traced %s", c.network, c.lasting, err, added, traced)
			}
			continue
		}
		wantDeclined(t, err, c.refused)
		if added != 0 || traced != "refused "+c.refused {
			t.Errorf("%s for %s: %d rows, traced %s", c.network, c.lasting, added, traced)
		}
	}
	db := g.SQL(t, "guichet_console")
	for _, args := range []string{"NULL, '1 hour'", "'203.0.113.0/24', NULL"} {
		if _, err := db.Exec(`SELECT guichet.block_network($1, '{::1}', gen_random_uuid(), `+args+`)`, g.operator.Token); sqlState(err) != "22023" {
			t.Errorf("%s: got %v", args, err)
		}
	}
	if _, err := db.Exec(`SELECT guichet.unblock_network($1, '{::1}', gen_random_uuid(), NULL)`, g.operator.Token); sqlState(err) != "22023" {
		t.Errorf("no network: got %v", err)
	}
}

// TestOnlyAnOperatorBlocks: no other role may call it, and no other session
// serves.
func TestOnlyAnOperatorBlocks(t *testing.T) {
	g := newGuarded(t)
	network := netip.MustParsePrefix("203.0.113.0/24")
	g.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	patient := g.signIn(t, camille, "sub-camille")
	for name, s := range map[string]*store.Store{"portal": g.portal, "intake": g.intake} {
		for what, err := range map[string]error{"block": s.BlockNetwork(t.Context(), g.operator, network, time.Hour), "unblock": s.UnblockNetwork(t.Context(), g.operator, network)} {
			if err == nil || !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
	}
	for name, req := range map[string]store.Request{"a patient's session": patient, "a feed's": g.feed, "none": storetest.Request()} {
		wantDeclined(t, g.console.BlockNetwork(t.Context(), req, network, time.Hour), "no-session")
		wantDeclined(t, g.console.UnblockNetwork(t.Context(), req, network), "no-session")
		if _, err := g.console.ListBlockedNetworks(t.Context(), req); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s lists: got %v", name, err)
		}
	}
	if n := g.number(t, `SELECT count(*) FROM guichet.blocked_network`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// TestBlocksAreTracedAndRing: who blocked and freed which network, and tries
// from it, of which a flood leaves one entry a minute.
func TestBlocksAreTracedAndRing(t *testing.T) {
	g := newGuarded(t)
	g.block(t, "203.0.113.0/24", time.Hour)
	for n := range 150 {
		g.kept(t, fmt.Sprintf("203.0.113.%d", n%9))
		g.pass(t, time.Second)
	}
	if got := alerts(t, g.portal); !slices.Equal(got, []string{"network-blocked"}) {
		t.Errorf("blocked: got alerts %v", got)
	}
	if err := g.console.UnblockNetwork(t.Context(), g.operator, netip.MustParsePrefix("203.0.113.0/24")); err != nil {
		t.Fatal(err)
	}
	if got := alerts(t, g.portal); !slices.Equal(got, []string{"network-unblocked"}) {
		t.Errorf("freed: got alerts %v", got)
	}
	var entries string
	if err := g.admin.QueryRow(`SELECT string_agg(concat_ws(' ', t.type, t.outcome, t.reason, b.network, (SELECT 'by the operator' FROM guichet.session s WHERE s.token = sha256($1) AND s.account = t.account)), ', ' ORDER BY t.id)
		FROM guichet.trace t LEFT JOIN guichet.blocked_network b ON b.id = t.records[1] AND t.kinds = '{network}' AND t.versions = '{1}'
		WHERE t.type LIKE 'network.%' OR t.type LIKE 'delay.%'`, g.operator.Token).Scan(&entries); err != nil {
		t.Fatal(err)
	}
	tried := "delay.refused refused blocked 203.0.113.0/24, "
	if want := "network.block granted operator 203.0.113.0/24 by the operator, " + tried + tried + tried + "network.unblock granted operator 203.0.113.0/24 by the operator"; entries != want {
		t.Errorf("traced %s", entries)
	}
}

// TestListOfBlockedNetworks: those in force, latest first; it is traced.
func TestListOfBlockedNetworks(t *testing.T) {
	g := newGuarded(t)
	list := func() []store.BlockedNetwork {
		t.Helper()
		list, err := g.console.ListBlockedNetworks(t.Context(), g.operator)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := list(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	g.block(t, "203.0.113.0/24", time.Minute)
	g.block(t, "2001:db8::/48", 2*time.Minute)
	g.block(t, "2001:db8::/48", time.Hour)
	g.block(t, "198.51.100.1/32", time.Hour)
	if err := g.console.UnblockNetwork(t.Context(), g.operator, netip.MustParsePrefix("198.51.100.1/32")); err != nil {
		t.Fatal(err)
	}
	g.pass(t, time.Minute)
	g.block(t, "192.0.2.0/24", 2*time.Minute)
	got := list()
	if len(got) != 2 || got[0].Network.String() != "192.0.2.0/24" || !got[0].Until.Equal(g.now.Add(2*time.Minute)) || got[1].Network.String() != "2001:db8::/48" || !got[1].Until.Equal(g.now.Add(59*time.Minute)) {
		t.Fatalf("got %v", got)
	}
	if n := g.number(t, `SELECT count(*) FROM guichet.trace WHERE id = $1 AND type = 'network.block'`, got[0].Entry); n != 1 {
		t.Error("the entry is not that of the block")
	}
	if n := g.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'network.list' AND outcome = 'granted'`); n != 2 {
		t.Errorf("%d entries of the list, want 2", n)
	}
}

// TestOpenSessionsGoOn where their network is blocked.
func TestOpenSessionsGoOn(t *testing.T) {
	g := newGuarded(t)
	g.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	inside := g.signIn(t, camille, "sub-camille")
	g.block(t, inside.Address.String()+"/32", time.Hour)
	if !g.kept(t, inside.Address.String()).Blocked {
		t.Fatal("not blocked")
	}
	if _, err := g.portal.ReadHome(t.Context(), inside); err != nil {
		t.Error(err)
	}
	wantStanding(t, g.portal, inside, "live")
}

// TestABlockAndTheClock: set back, nobody waits longer than was chosen.
func TestABlockAndTheClock(t *testing.T) {
	g := newGuarded(t)
	g.block(t, "203.0.113.0/24", time.Hour)
	g.pass(t, -365*24*time.Hour)
	if got := g.kept(t, somewhere); got.Wait != 0 {
		t.Errorf("a year before it began: got %+v", got)
	}
}

// TestBlockLeavesTheRestAlone: whatever is tried from blocked networks, blocks
// change neither accounts nor delays (AA7.e).
func TestBlockLeavesTheRestAlone(t *testing.T) {
	g := newGuarded(t)
	g.choose(t, "delay.identity", "on")
	g.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	if err := g.signInFrom(t, elsewhere, "sub"); err != nil {
		t.Fatal(err)
	}
	g.fail(t, "198.51.100.1", "state")
	g.pass(t, 2*time.Second)
	const networks = `203.0.113.0/24 203.0.0.0/16 198.51.100.1/32 2001:db8::/48`
	state := func() string {
		var all sql.NullString
		if err := g.admin.QueryRow(`SELECT concat((SELECT string_agg(d::text, ';' ORDER BY d.id) FROM guichet.delay d), (SELECT string_agg(a::text, ';' ORDER BY a.id) FROM guichet.account a WHERE a.role <> 'operator'),
			(SELECT string_agg(s::text, ';') FROM guichet.account_state s), (SELECT count(*) FROM guichet.sign_in_try))`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all.String
	}
	before := state()
	rapid.Check(t, func(r *rapid.T) {
		for _, network := range strings.Fields(networks) {
			g.block(t, network, time.Hour)
		}
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			address := rapid.SampledFrom([]string{somewhere, "203.0.200.1", "198.51.100.1", "2001:db8:0:7::1"}).Draw(r, "address")
			var wait time.Duration
			switch rapid.SampledFrom([]string{"login", "callback", "identified", "block", "time"}).Draw(r, "what") {
			case "login":
				wait = g.waits(t, address)
			case "callback":
				wait = waitOf(t, g.portal.BeginTry(context.Background(), from(address), "franceconnect"))
			case "identified":
				wait = waitOf(t, g.signInFrom(t, address, "sub"))
			case "block":
				g.block(t, rapid.SampledFrom(strings.Fields(networks)).Draw(r, "network"), 2*time.Hour)
				continue
			case "time":
				g.pass(t, time.Duration(rapid.IntRange(0, 60).Draw(r, "seconds"))*time.Second)
				continue
			}
			if wait == 0 {
				r.Fatalf("%s is let in", address)
			}
		}
		if after := state(); after != before {
			r.Fatalf("changed from %s to %s", before, after)
		}
		g.comeIn(t)
	})
}

// TestManyBlockedNetworks are not looked through at each try.
func TestManyBlockedNetworks(t *testing.T) {
	g := newGuarded(t)
	g.exec(t, `INSERT INTO guichet.blocked_network (id, network, until, at, entry)
		SELECT gen_random_uuid(), (inet '10.0.0.0' + n * 256)::cidr, guichet.clock() + interval '1 day', guichet.clock(), n FROM generate_series(0, 19999) n;
		ANALYZE guichet.blocked_network`)
	read := func() int {
		g.exec(t, `SELECT pg_stat_clear_snapshot()`)
		return g.number(t, `SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relid = 'guichet.blocked_network'::regclass`)
	}
	const flush = `SELECT pg_stat_force_next_flush()`
	before := read()
	asking := g.SQL(t, "guichet_portal")
	asking.SetMaxOpenConns(1)
	for range 10 {
		if _, err := asking.Exec(`SELECT wait FROM guichet.may_try('{10.0.3.0}', gen_random_uuid(), 'psc')`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := asking.Exec(flush); err != nil {
		t.Fatal(err)
	}
	if got := read() - before; got < 10 || got > 100 {
		t.Errorf("ten tries read %d rows", got)
	}
}
