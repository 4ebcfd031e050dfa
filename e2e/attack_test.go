package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestAttackTables: no table, sequence or file is open to whoever holds a
// listener's password, and no other role can be taken on.
func TestAttackTables(t *testing.T) {
	tables := suite.demo.query(t, `SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum DESC LIMIT 1)
		FROM pg_class c WHERE c.relnamespace = 'guichet'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1`)
	if len(tables) < 17 {
		t.Fatalf("%d tables, want all of them", len(tables))
	}
	var statements []string
	for _, line := range tables {
		table, column, _ := strings.Cut(line, "|")
		for _, statement := range []string{
			"INSERT INTO guichet.%[1]s DEFAULT VALUES", "UPDATE guichet.%[1]s SET %[2]s = %[2]s", "DELETE FROM guichet.%[1]s", "TRUNCATE guichet.%[1]s",
			"CREATE TRIGGER t BEFORE INSERT ON guichet.%[1]s EXECUTE FUNCTION suppress_redundant_updates_trigger()",
			"ALTER TABLE guichet.%[1]s DISABLE TRIGGER ALL", "DROP TABLE guichet.%[1]s", "LOCK TABLE guichet.%[1]s IN EXCLUSIVE MODE",
			"SELECT * FROM guichet.%[1]s", "SELECT %[2]s FROM guichet.%[1]s LIMIT 0", "SELECT count(*) FROM guichet.%[1]s", "COPY guichet.%[1]s TO STDOUT",
		} {
			reads := strings.HasPrefix(statement, "SELECT") || strings.HasPrefix(statement, "COPY")
			if table == "migration" && reads {
				continue // read at start-up: a database that is behind is refused
			}
			statements = append(statements, fmt.Sprintf(statement, table, column))
		}
	}
	for _, sequence := range suite.demo.query(t, "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'guichet'::regnamespace AND c.relkind = 'S'") {
		statements = append(statements, "SELECT nextval('guichet."+sequence+"')", "SELECT last_value FROM guichet."+sequence, "SELECT setval('guichet."+sequence+"', 1)")
	}
	statements = append(statements, "SET ROLE guichet_data", "SET ROLE guichet_monitor", "SET ROLE guichet_owner", "SET SESSION AUTHORIZATION postgres",
		"CREATE TABLE guichet.x (y int)", "CREATE TABLE public.x (y int)", "CREATE TEMP TABLE trace (y int)", "CREATE SCHEMA x",
		"CREATE FUNCTION guichet.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "COPY (SELECT 1) TO PROGRAM 'true'", "SELECT pg_read_file('postgresql.conf')", "SELECT lo_create(0)",
		"SELECT pg_terminate_backend(pg_backend_pid())", "SELECT pg_advisory_lock(1)", "SELECT pg_export_snapshot()", "SET session_replication_role = replica", "LOAD 'auto_explain'")
	for role, address := range map[string]string{"portal": suite.demo.Ready.Database.Portal, "intake": suite.demo.Ready.Database.Intake} {
		t.Run(role, func(t *testing.T) {
			var script, want []string
			for i, statement := range statements {
				script = append(script, "BEGIN;", `\warn statement `+strconv.Itoa(i), statement+";", "ROLLBACK;")
				want = append(want, "statement "+strconv.Itoa(i), notPermitted)
			}
			var got []string
			for _, line := range psqlAs(t, address, script...) {
				if found := sqlstate.FindStringSubmatch(line); found != nil {
					line = found[1]
				}
				got = append(got, line)
			}
			if len(got) != len(want) {
				t.Errorf("%d lines, want %d: each statement refused, and nothing else", len(got), len(want))
			}
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("%s: %s, want %s", statements[i/2], got[i], want[i])
				}
			}
			t.Logf("%d statements refused", len(statements))
		})
	}
}

// TestAttackRolledBackAsk: what is not committed hands over nothing, whatever
// is put around it.
func TestAttackRolledBackAsk(t *testing.T) {
	a := newAttacker(t)
	// Another connection flushes the log meanwhile, so that a moment after an ask
	// its entry is on disk though not committed: it must be the transaction's
	// state that receive goes by.
	defer a.keepFlushing(t)()
	const moment = "DO 'BEGIN PERFORM pg_sleep(0.05); END';"
	ask, count := "SELECT "+a.ask()+" AS entry \\gset", moment+" SELECT 'rows', count(*) FROM "+a.receive(":entry")+";"
	handed := false
	for range 20 { // the first may be told to wait
		_, printed := refusals(a.run(t, ask, flush, count))
		handed = handed || len(printed) == 1 && rows(t, printed[0]) >= 5
	}
	if !handed {
		t.Fatal("committed, the same calls hand over nothing: the attacks below would prove nothing")
	}
	for name, script := range map[string][]string{
		"in the transaction":              {"BEGIN;", ask, count, "ROLLBACK;"},
		"after the rollback":              {"BEGIN;", ask, "ROLLBACK;", count},
		"in a savepoint":                  {"BEGIN;", "SAVEPOINT s;", ask, count, "ROLLBACK TO s;", count, "ROLLBACK;", count},
		"in a released savepoint":         {"BEGIN;", "SAVEPOINT s;", ask, "RELEASE s;", count, "ROLLBACK;", count},
		"savepoint taken back, committed": {"BEGIN;", "SAVEPOINT s;", ask, "ROLLBACK TO s;", count, "COMMIT;", count},
		"savepoints in savepoints":        {"BEGIN;", "SAVEPOINT a;", "SAVEPOINT b;", ask, "RELEASE b;", count, "ROLLBACK TO a;", "COMMIT;", count},
		"in one statement":                {"SELECT 'rows', count(*) FROM " + a.receive(a.ask()) + ";"},
		"in one statement, materialised":  {"WITH e AS MATERIALIZED (SELECT " + a.ask() + " AS id, pg_sleep(0.05)) SELECT 'rows', count(*) FROM e, LATERAL " + a.receive("e.id") + ";"},
		"through a cursor that is held":   {"BEGIN;", ask, moment, "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM " + a.receive(":entry") + ";", "ROLLBACK;", "FETCH ALL FROM c;"},
		"through a cursor, committed":     {"BEGIN;", ask, moment, "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM " + a.receive(":entry") + ";", "COMMIT;", "FETCH ALL FROM c;"},
		"in a frozen snapshot":            {"BEGIN ISOLATION LEVEL REPEATABLE READ;", ask, count, "ROLLBACK;"},
		"received in a frozen snapshot":   {ask, "BEGIN ISOLATION LEVEL SERIALIZABLE;", count, "ROLLBACK;"},
		"prepared":                        {"BEGIN;", ask, "PREPARE TRANSACTION 'p';", count},
		"by a function of one's own":      {"BEGIN;", "CREATE FUNCTION pg_temp.f() RETURNS bigint LANGUAGE sql AS $$ SELECT " + a.ask() + " $$;", "ROLLBACK;", "SELECT 'rows', count(*) FROM " + a.receive("pg_temp.f()") + ";"},
	} {
		t.Run(name, func(t *testing.T) {
			_, printed := refusals(a.run(t, script...))
			for _, line := range printed {
				if rows(t, line) != 0 {
					t.Errorf("%s was handed over", line)
				}
			}
		})
	}
}

// rows reads what count prints; any other line is a row handed over.
func rows(t *testing.T, line string) int {
	t.Helper()
	number, ok := strings.CutPrefix(line, "rows|")
	if !ok {
		return 1
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAttackReceiveIsTheEntry: what leaves is what the entry names, for its
// session alone, and for five seconds.
func TestAttackReceiveIsTheEntry(t *testing.T) {
	same := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0]) // an earlier one of the attacker's own
	a := newAttacker(t)
	another := suite.demo.signedIn(t, suite.demo.people(t, "patient")[1])
	withOriginal := a.demo.query(t, "SELECT DISTINCT report FROM guichet.document WHERE patient = (SELECT DISTINCT patient FROM guichet.report WHERE id = '"+a.report+"')")
	if len(withOriginal) == 0 {
		t.Fatal("the attacker has no report with an original")
	}
	request := "'{192.0.2.66}', '" + uuid.NewString() + "'"
	asks := []string{
		"ask_home(" + a.token + ", " + request + ")", "ask_reports(" + a.token + ", " + request + ")", "ask_access_log(" + a.token + ", " + request + ", 0, 50, false, '', NULL, false)",
		"ask_report(" + a.token + ", " + request + ", '" + a.report + "')", "ask_original(" + a.token + ", " + request + ", '" + withOriginal[0] + "')",
	}
	var script, late []string
	for i, ask := range asks {
		entry := fmt.Sprintf(":entry%d", i)
		script = append(script, "SELECT guichet."+ask+" AS entry"+strconv.Itoa(i)+" \\gset", "SELECT 'entry|' || "+entry+";", flush,
			"SELECT "+entry+" || '|' || kind || '|' || CASE kind WHEN 'trace' THEN entry || '|' ELSE id || '|' || version END FROM "+a.receive(entry)+";",
			"SELECT 'anothers', * FROM guichet.receive("+tokenOf(t, another)+", "+entry+");", "SELECT 'other session', * FROM guichet.receive("+tokenOf(t, same)+", "+entry+");",
			"SELECT 'inventeds', * FROM guichet.receive(decode(repeat('ab', 32), 'hex'), "+entry+");")
		late = append(late, "SELECT 'late', * FROM "+a.receive(entry)+";")
	}
	_, printed := refusals(a.run(t, slices.Concat(script, []string{"DO 'BEGIN PERFORM pg_sleep(5.1); END';"}, late)...))

	var entries []string
	got := slices.DeleteFunc(printed, func(line string) bool {
		entry, ok := strings.CutPrefix(line, "entry|")
		if ok {
			entries = append(entries, entry)
		}
		return ok
	})
	in := "t.outcome = 'granted' AND t.id IN (" + strings.Join(entries, ", ") + ")"
	if granted := a.demo.count(t, "SELECT count(*) FROM guichet.trace t WHERE "+in); granted != len(asks) {
		t.Fatalf("%d of %d asks were granted", granted, len(asks))
	}
	want := a.demo.query(t, "SELECT t.id || '|' || n.kind || '|' || n.id || '|' || n.version FROM guichet.trace t, unnest(t.kinds, t.records, t.versions) AS n (kind, id, version) WHERE "+in+
		" UNION ALL SELECT t.id || '|trace|' || n.id || '|' FROM guichet.trace t, unnest(t.entries) AS n (id) WHERE "+in)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("handed over %d rows, want the %d that the entries name:\n%s\nwant\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	t.Logf("%d entries, %d rows", len(asks), len(want))
}

// TestAttackAsynchronousCommit: an entry that a crash could still lose hands
// over nothing.
func TestAttackAsynchronousCommit(t *testing.T) {
	a := newAttacker(t)
	for _, off := range []string{"off", "false", "0", "no", "local", "remote_write"} {
		states, printed := refusals(a.run(t, "SET synchronous_commit = "+off+";", "SELECT "+a.ask()+";"))
		if !slices.Equal(states, []string{wrongState}) || len(printed) > 0 {
			t.Errorf("synchronous_commit = %s: %v %v, want %s", off, states, printed, wrongState)
		}
	}
	// The setting counts at the commit: after the ask, nothing stops it. So
	// receive must wait: what it has handed over is on disk.
	const tries = 40
	var script []string
	for range tries {
		script = append(script, "BEGIN;", "SELECT "+a.ask()+" AS entry \\gset", "SET LOCAL synchronous_commit = off;", "COMMIT;",
			"SELECT pg_current_wal_insert_lsn() AS written \\gset",
			// Right after a page header the insert position stands up to 40 bytes further.
			"SELECT CASE WHEN (SELECT count(*) FROM "+a.receive(":entry")+") = 0 THEN 'nothing' WHEN pg_current_wal_flush_lsn() + 40 >= :'written' THEN 'durable' ELSE 'LOST' END;",
			flush, "SELECT CASE count(*) WHEN 0 THEN 'nothing' ELSE 'flushed' END FROM "+a.receive(":entry")+";")
	}
	states, printed := refusals(a.run(t, script...))
	waited := 0
	for _, state := range states {
		if state != notDurable {
			t.Errorf("SQLSTATE %s, want none but %s", state, notDurable)
		}
		waited++
	}
	durable, flushed := 0, 0
	for _, line := range printed {
		switch line {
		case "durable":
			durable++
		case "flushed":
			flushed++
		default:
			t.Errorf("an entry committed asynchronously: %s, want durable", line)
		}
	}
	if durable+flushed+waited != 2*tries || flushed == 0 {
		t.Errorf("%d handed over once durable, %d once flushed, %d told to wait, of %d twice", durable, flushed, waited, tries)
	}
	t.Logf("%d handed over once durable, %d once flushed, %d told to wait", durable, flushed, waited)
}

// TestAttackLeavesAGap: an ask that was rolled back leaves a gap in the numbers
// of the entries; honest traffic leaves none (monitor, L3).
func TestAttackLeavesAGap(t *testing.T) {
	a := newAttacker(t)
	gaps := func(do func()) int {
		before := a.demo.lastEntry(t)
		do()
		after := a.demo.lastEntry(t)
		return after - before - a.demo.count(t, fmt.Sprintf("SELECT count(*) FROM guichet.trace WHERE id > %d AND id <= %d", before, after))
	}
	if n := gaps(func() {
		p := a.demo.people(t, "patient")[1]
		c := a.demo.signedIn(t, p)
		for _, link := range []string{"/", "/reports", "/access-log", c.get("/reports").reports(t)[0], "/reports/" + absent, "/reports/" + a.report} {
			c.get(link)
		}
		m := singleResult(p, "GAP"+digits(8), "4200000001").bytes()
		for range 2 {
			if answer := a.demo.sendHL7(t, m); answer.code != "AA" {
				t.Errorf("answer %s", answer.code)
			}
		}
		a.demo.sendHL7(t, []byte("MSH|^~\\&|ESSAI|LABO|GUICHET|HOP|20261120||ORU^R01|GAP"+digits(8)+"|P|2.5\rPID|1\r"))
		c.signOut()
	}); n != 0 {
		t.Errorf("honest traffic leaves %d gaps", n)
	}
	const asks = 3
	if n := gaps(func() {
		for range asks {
			a.run(t, "BEGIN;", "SELECT "+a.ask()+";", "ROLLBACK;")
		}
	}); n != asks {
		t.Errorf("%d asks rolled back leave %d gaps, want one each", asks, n)
	}
}

func (d *demo) lastEntry(t *testing.T) int {
	t.Helper()
	return d.count(t, "SELECT last_value FROM guichet.trace_id_seq")
}

// TestAttackFromTheIntake: the intake's password reads no report and opens no
// session of the portal.
func TestAttackFromTheIntake(t *testing.T) {
	a := newAttacker(t)
	intake := a.demo.Ready.Database.Intake
	token, request := literal(bytes.Repeat([]byte("x"), 32)), "'{192.0.2.66}', '"+uuid.NewString()+"'"
	for _, call := range []string{
		a.ask(), "guichet.ask_home(" + a.token + ", " + request + ")", "guichet.ask_reports(" + a.token + ", " + request + ")",
		"guichet.ask_original(" + a.token + ", " + request + ", '" + a.report + "')", "guichet.ask_access_log(" + a.token + ", " + request + ", 0, 50, false, '', NULL, false)",
		"guichet.load_session(" + a.token + ", " + request + ", true)", "guichet.save_session(" + a.token + ", 'x')",
		"guichet.sign_in(" + token + ", " + request + ", 'psc', 'x', 'x', 'x', 'x', 'physician', gen_random_uuid(), 'x', '', gen_random_uuid(), 'x', 'x', 'x', '{}', gen_random_uuid(), 'x', 'x', NULL, '{}', NULL)",
		"guichet.leave_trace('report.read', NULL, NULL, NULL, NULL, " + request + ")", "guichet.decide(" + a.token + ", 'read', NULL)",
	} {
		if states, printed := refusals(psqlAs(t, intake, "SELECT "+call+";")); !slices.Equal(states, []string{notPermitted}) || len(printed) > 0 {
			t.Errorf("%s: %v %v, want %s", call, states, printed, notPermitted)
		}
	}
	// The portal's entry, with the portal's token, at the intake.
	printed := a.run(t, "SELECT "+a.ask()+";")
	if len(printed) != 1 {
		t.Fatalf("ask prints %v", printed)
	}
	if lines := psqlAs(t, intake, "SELECT * FROM "+a.receive(printed[0])+";"); len(lines) > 0 {
		t.Errorf("the intake receives what the portal asked for: %v", lines)
	}
	// A session of the intake, at the portal.
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	if states, _ := refusals(psqlAs(t, intake, "SELECT guichet.open_system("+literal(raw)+", "+request+", 'feed', 'x', gen_random_uuid(), 'x', '1h');")); len(states) > 0 {
		t.Fatalf("the intake cannot open a session of its own: %v", states)
	}
	thief, cookie := a.demo.client(t), *a.client.cookies()[0]
	cookie.Value = base64.RawURLEncoding.EncodeToString(raw)
	thief.keep(&cookie)
	sentTo(t, thief.get("/reports"), "/")
	// The password itself.
	u, err := url.Parse(intake)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	u.User = url.UserPassword("guichet_portal", password)
	if lines := psqlAs(t, u.String(), "SELECT 1;"); len(lines) == 0 || slices.Contains(lines, "1") {
		t.Errorf("the intake's password opens the portal's role: %v", lines)
	}
}

// TestAttackHeldTransaction: a transaction that is held open stops neither
// readers nor a sign-out.
func TestAttackHeldTransaction(t *testing.T) {
	a := newAttacker(t)
	held := make(chan []string, 1)
	go func() {
		held <- psqlAs(t, a.demo.Ready.Database.Portal, "SET idle_in_transaction_session_timeout = 0;", "BEGIN;", "SELECT "+a.ask()+" IS NULL;",
			"SELECT guichet.end_session("+a.token+", '{192.0.2.66}', '"+uuid.NewString()+"', 'logout') IS NULL;", "SELECT pg_sleep(2) IS NULL;", "ROLLBACK;")
	}()
	pause(500 * time.Millisecond)
	began := time.Now()
	if answer := a.client.get("/reports"); answer.status != 200 {
		t.Errorf("the list: status %d while a transaction is open", answer.status)
	}
	a.client.signOut()
	sentTo(t, a.client.get("/reports"), "/")
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("reading and signing out took %s while a transaction was open", took)
	}
	<-held
}
