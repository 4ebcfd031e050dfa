package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"guichet/store"
	"guichet/store/storetest"
)

// mayCall lists what each role may call; nothing else, and nobody else.
var mayCall = map[string][]string{
	"guichet_portal": {"ask_access_log", "ask_account", "ask_home", "ask_many", "ask_original", "ask_proof", "ask_report", "ask_reports", "ask_trend", "continue_session", "end_session", "flush", "housekeep", "leave_event",
		"leave_failure", "load_session", "note_presence", "receive", "refresh_account", "refuse_page", "refuse_sign_in", "report_access", "report_incident", "close_account", "watch_connections", "note_told", "waiting_alerts", "watch_reviews", "same_account", "save_session", "session_limits", "sign_in",
		"take_over", "may_try", "begin_try", "may_try_as", "take_alert", "why_refused", "log_state", "place_of", "read_tiles"},
	"guichet_intake": {"deposit", "deposit_patient", "end_session", "find_patient", "flush", "leave_event", "leave_failure", "open_system", "refuse_feed", "quarantine", "ask_quarantine", "ask_quarantined", "release", "receive"},
	"guichet_owner":  nil,
	"guichet_console": {"ask_accounts", "ask_affected", "ask_reviews", "ask_codes", "ask_identities", "ask_identity", "ask_networks", "ask_patient", "block_network", "change_setting", "decide_identity", "end_session", "flush", "leave_failure", "make_code", "open_system", "receive",
		"revoke_code", "set_account_state", "show_settings", "unblock_network", "why_refused"},
	"guichet_officer":   {"ask_range", "ask_traces", "change_setting", "end_session", "entry_at", "flush", "log_checkpoints", "log_gaps", "log_purges", "log_state", "open_system", "place_of", "places_in", "purge_traces", "why_refused", "read_tiles", "receive", "show_settings"},
	"guichet_sequencer": {"append_log", "advance_stream", "ask_range", "keep_streams", "log_stream", "purged_in", "why_refused", "entry_at", "lead", "leaves_between", "log_checkpoints", "log_gaps", "log_horizon", "log_purges", "log_state", "place_of", "read_tiles", "ask_evidence", "check_evidence", "end_session", "flush", "housekeep", "leave_event", "leave_failure", "open_system", "receive", "take_alert", "note_told", "waiting_alerts", "watch_connections"},
}

// TestEveryRoleOnEveryFunction compares, for each role and each function, what
// it may call with the list above (B3).
func TestEveryRoleOnEveryFunction(t *testing.T) {
	db := storetest.New(t).Superuser(t)
	cases := 0
	for _, role := range store.Roles {
		rows, err := db.Query(`SELECT p.proname, has_function_privilege($1, p.oid, 'EXECUTE') FROM pg_proc p WHERE p.pronamespace = 'guichet'::regnamespace`, role)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var name string
			var may bool
			if err := rows.Scan(&name, &may); err != nil {
				t.Fatal(err)
			}
			cases++
			if want := slices.Contains(mayCall[role], name); may != want {
				t.Errorf("%s on %s: may call %v, want %v", role, name, may, want)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d pairs of role and function", cases)
}

// TestEveryRoleOnEveryTable tries to read, add to, change, empty and lock every
// table as every role: only the list of migrations may be read.
func TestEveryRoleOnEveryTable(t *testing.T) {
	d := storetest.New(t)
	tables := column(t, d.Superuser(t), `SELECT relname FROM pg_class WHERE relnamespace = 'guichet'::regnamespace AND relkind IN ('r', 'S', 'v', 'm', 'p', 'f')`)
	cases := 0
	for _, role := range store.Roles {
		db := d.SQL(t, role)
		for _, table := range tables {
			name := "guichet." + table
			for _, query := range []string{"SELECT count(*) FROM " + name, "SELECT xmin FROM " + name + " LIMIT 1", "INSERT INTO " + name + " SELECT * FROM " + name,
				"UPDATE " + name + " SET ctid = ctid", "DELETE FROM " + name, "TRUNCATE " + name, "COPY " + name + " TO STDOUT", "SELECT last_value FROM " + name} {
				cases++
				_, err := db.Exec(query)
				if table == "migration" && strings.HasPrefix(query, "SELECT count") && role != "guichet_owner" {
					if err != nil {
						t.Errorf("%s: %s: %v", role, query, err)
					}
					continue
				}
				if table == "migration" && role != "guichet_owner" && (strings.HasPrefix(query, "SELECT xmin") || strings.HasPrefix(query, "COPY") || strings.HasPrefix(query, "SELECT last")) {
					continue // it may be read, in whatever way
				}
				if err == nil || !slices.Contains([]string{"42501", "42703", "42809", "0A000", "428C9"}, sqlState(err)) {
					t.Errorf("%s: %s: got %v, want it refused", role, query, err)
				}
			}
		}
	}
	t.Logf("%d attempts on %d tables", cases, len(tables))
}

// TestResultTypes: what a role may call returns an id or several, nothing, a version, or
// is receive (L4).
func TestResultTypes(t *testing.T) {
	db := storetest.New(t).Superuser(t)
	for _, role := range store.Roles {
		for _, line := range column(t, db, `SELECT proname || ': ' || pg_get_function_result(oid) FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace AND has_function_privilege('`+role+`', oid, 'EXECUTE')`) {
			name, result, _ := strings.Cut(line, ": ")
			switch {
			case name == "receive", result == "bigint", result == "bigint[]", result == "void":
			case name == "why_refused" && result == "text": // a word of a closed list, to who was refused
			case name == "deposit" && result == "record": // entry, report and version
			case name == "load_session" && result == "TABLE(state text, at timestamp with time zone, sealed bytea, since timestamp with time zone, seen timestamp with time zone, provider text, near boolean, idle integer, lifetime integer)": // sealed, and names nobody
			case (name == "note_presence" || name == "continue_session") && result == "TABLE(state text, at timestamp with time zone, idle_at timestamp with time zone, ends_at timestamp with time zone, idle integer)": // when it ends: names nobody
			case name == "session_limits" && result == "TABLE(idle integer, lifetime integer)":
			case name == "show_settings" && result == "TABLE(name text, value text, since timestamp with time zone, allowed text)":
			case strings.HasPrefix(name, "may_try"), name == "begin_try": // how long the asking address waits
				if result != "TABLE(wait bigint, rung integer, longest bigint, blocked boolean)" {
					t.Errorf("%s returns %s", name, result)
				}
			case name == "lead" && result == "boolean":
			case strings.HasPrefix(name, "log_"), name == "read_tiles", name == "leaves_between", name == "places_in": // hashes, sizes and ids
				if !slices.Contains([]string{"TABLE(size bigint, entry bigint, checkpoint bytea)", "TABLE(first bigint, last bigint)", "TABLE(first bigint, past bigint)", "TABLE(size bigint, checkpoint bytea)", "TABLE(entry bigint, first bigint, purged bytea)",
					"TABLE(level smallint, number bigint, hashes bytea)", "TABLE(leaves bytea, first bigint, last bigint, gap_first bigint[], gap_last bigint[], at timestamp with time zone, oldest timestamp with time zone)"}, result) {
					t.Errorf("%s returns %s", name, result)
				}
			case name == "take_alert" && result == "TABLE(id bigint, kind text, entry bigint, at timestamp with time zone)": // names nobody
			default:
				t.Errorf("%s may call %s, which returns %s", role, name, result)
			}
		}
	}
}

// TestHardening is section 8 of the monitor: each line, by what it prevents.
func TestHardening(t *testing.T) {
	d := storetest.New(t)
	db := d.Superuser(t)
	t.Run("every function has every clause", func(t *testing.T) {
		for _, f := range column(t, db, `SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace AND (NOT prosecdef OR provolatile <> 'v' OR proparallel <> 'u'
			OR proowner <> 'guichet_monitor'::regrole OR proconfig IS NULL OR proacl IS NULL OR proacl::text ~ '[{,]=X'
			OR NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig))`) {
			t.Errorf("%s lacks a clause", f)
		}
	})
	t.Run("every function that may be called has every setting", func(t *testing.T) {
		for _, role := range store.Roles {
			for _, f := range column(t, db, `SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace AND has_function_privilege('`+role+`', oid, 'EXECUTE')
				AND NOT proconfig @> ARRAY['client_min_messages=warning', 'debug_print_parse=off', 'debug_print_rewritten=off', 'debug_print_plan=off',
				                           'TimeZone=UTC', 'DateStyle=ISO, YMD', 'transform_null_equals=off', 'gin_fuzzy_search_limit=0']`) {
				t.Errorf("%s lacks a setting", f)
			}
		}
	})
	t.Run("no function is of a kind that is forbidden", func(t *testing.T) {
		for _, f := range column(t, db, `SELECT proname FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace AND (prosrc ~* '\m(now|statement_timestamp|transaction_timestamp)\(|current_date|current_timestamp|\mASSERT\M|WHEN OTHERS|\mNOTIFY\M|CREATE TEMP|\mEXECUTE\M|set_config' OR prolang = (SELECT oid FROM pg_language WHERE lanname = 'c'))`) {
			t.Errorf("%s does what no function may", f)
		}
	})
	for _, c := range []struct{ name, query, want string }{
		{"PUBLIC has nothing on the database", `SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = current_database() AND a.grantee = 0`, "0"},
		{"no temporary tables", `SELECT count(*) FROM pg_roles r WHERE r.rolname LIKE 'guichet\_%' AND has_database_privilege(r.rolname, current_database(), 'TEMP')`, "0"},
		{"nobody creates in the schema", `SELECT string_agg(r.rolname, ',') FROM pg_roles r WHERE r.rolname LIKE 'guichet\_%' AND r.rolname <> 'guichet_data' AND has_schema_privilege(r.rolname, 'guichet', 'CREATE')`, ""},
		{"nobody uses schema public", `SELECT count(*) FROM pg_roles r WHERE r.rolname LIKE 'guichet\_%' AND has_schema_privilege(r.rolname, 'public', 'USAGE')`, "0"},
		{"owners do not log in", `SELECT count(*) FROM pg_roles WHERE rolname IN ('guichet_data', 'guichet_monitor') AND rolcanlogin`, "0"},
		{"roles inherit nothing", `SELECT count(*) FROM pg_roles WHERE rolname LIKE 'guichet\_%' AND rolcanlogin AND rolinherit`, "0"},
		{"connections are limited", `SELECT count(*) FROM pg_roles WHERE rolname LIKE 'guichet\_%' AND rolcanlogin AND rolconnlimit <> 64`, "0"},
		{"no settings on roles", `SELECT count(*) FROM pg_db_role_setting`, "0"},
		{"one extension", `SELECT string_agg(extname, ',') FROM pg_extension`, "plpgsql"},
		{"the monitor cannot change traces", `SELECT count(*) FROM unnest(ARRAY['UPDATE', 'TRUNCATE']) p WHERE has_table_privilege('guichet_monitor', 'guichet.trace', p)`, "0"},
		{"one function takes traces away, and no more than it may", `SELECT string_agg(proname, ',') FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace AND prosrc ~* 'delete\s+from\s+guichet\.trace\M'`, "purge_traces"},
		{"the monitor cannot change records", `SELECT count(*) FROM unnest(ARRAY['report', 'document', 'patient', 'grants', 'message']) t, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p WHERE has_table_privilege('guichet_monitor', 'guichet.' || t, p) OR has_any_column_privilege('guichet_monitor', 'guichet.' || t, 'UPDATE')`, "0"},
		{"no foreign key on traces", `SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND (conrelid = 'guichet.trace'::regclass OR confrelid = 'guichet.trace'::regclass)`, "0"},
		{"ids of traces are not cached", `SELECT seqcache FROM pg_sequence WHERE seqrelid = 'guichet.trace_id_seq'::regclass`, "1"},
		{"no prepared transactions", `SELECT setting FROM pg_settings WHERE name = 'max_prepared_transactions'`, "0"},
		{"no GIN index", `SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.relnamespace = 'guichet'::regnamespace AND a.amname = 'gin'`, "0"},
		{"whoever ends connections does not log in", `SELECT string_agg(r.rolname, ',') FROM pg_roles r WHERE NOT r.rolsuper AND r.rolname LIKE 'guichet\_%' AND (pg_has_role(r.rolname, 'pg_signal_backend', 'USAGE') OR has_function_privilege(r.rolname, 'pg_terminate_backend(integer, bigint)', 'EXECUTE'))`, "guichet_monitor"},
		{"system functions are revoked", `SELECT count(*) FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname ~ '^pg_(try_)?advisory' OR proname ~ '^pg_stat_get_xact_'
			OR proname IN ('pg_export_snapshot', 'pg_notify', 'lo_create', 'lo_creat', 'lo_from_bytea', 'pg_cancel_backend', 'pg_terminate_backend', 'pg_logical_emit_message'))
			AND has_function_privilege('guichet_portal', oid, 'EXECUTE')`, "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got sql.NullString
			if err := db.QueryRow(c.query).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got.String != c.want {
				t.Errorf("got %s, want %s", got.String, c.want)
			}
		})
	}
	t.Run("a new function is nobody's to call", func(t *testing.T) {
		for _, owner := range []string{"guichet_monitor", "guichet_data"} {
			if _, err := db.Exec(fmt.Sprintf(`GRANT CREATE ON SCHEMA guichet TO guichet_monitor; SET ROLE %s;
				CREATE FUNCTION guichet.fresh_%s() RETURNS int LANGUAGE sql AS 'SELECT 1'; RESET ROLE`, owner, owner)); err != nil {
				t.Fatal(err)
			}
			if _, err := d.SQL(t, "guichet_portal").Exec(`SELECT guichet.fresh_` + owner + `()`); sqlState(err) != "42501" {
				t.Errorf("portal calls a new function of %s: %v", owner, err)
			}
		}
	})
}

// TestCheckRefuses alters a database in each way and sees Check refuse it.
func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct{ name, alter, want string }{
		{"behind", `DELETE FROM guichet.migration`, "behind"},
		{"ahead", `INSERT INTO guichet.migration VALUES ('9999_later.sql', 'x')`, "ahead"},
		{"a migration edited", `UPDATE guichet.migration SET checksum = 'x'`, "not the one"},
		{"a function's body", `CREATE OR REPLACE FUNCTION guichet.own_patient(token bytea) RETURNS uuid LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`, "own_patient"},
		{"a function's setting", `ALTER FUNCTION guichet.decide(bytea, text, uuid) RESET search_path`, "decide"},
		{"a function's volatility", `ALTER FUNCTION guichet.receive(bytea, bigint) STABLE`, "receive"},
		{"a function's caller", `GRANT EXECUTE ON FUNCTION guichet.decide(bytea, text, uuid) TO guichet_portal`, "decide"},
		{"a function's owner", `ALTER FUNCTION guichet.decide(bytea, text, uuid) OWNER TO postgres`, "decide"},
		{"a right on a table", `GRANT SELECT ON guichet.report TO guichet_portal`, "report"},
		{"a right on a column", `GRANT UPDATE (outcome) ON guichet.trace TO guichet_monitor`, "trace.outcome"},
		{"a trigger", `CREATE TRIGGER spy AFTER INSERT ON guichet.report EXECUTE FUNCTION suppress_redundant_updates_trigger()`, "spy"},
		{"a rule", `CREATE RULE quiet AS ON INSERT TO guichet.trace DO INSTEAD NOTHING`, "quiet"},
		{"a policy", `CREATE POLICY peek ON guichet.trace`, "peek"},
		{"a disabled constraint", `ALTER TABLE guichet.grants DISABLE TRIGGER ALL`, "disabled"},
		{"a dropped index", `DROP INDEX guichet.grants_self_key`, "grants_self_key"},
		{"a dropped constraint", `ALTER TABLE guichet.message DROP CONSTRAINT message_value_key`, "message_value_key"},
		{"another column", `ALTER TABLE guichet.report ADD COLUMN clear text`, "report.clear"},
		{"a role's membership", `GRANT guichet_data TO guichet_portal`, "guichet_portal"},
		{"a setting on a role", `ALTER ROLE guichet_portal SET synchronous_commit = off`, "setting"},
		{"TEMP for PUBLIC", `DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO PUBLIC', current_database()); END $$`, "PUBLIC"},
		{"a system function", `GRANT EXECUTE ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) TO PUBLIC`, "pg_try_advisory_lock"},
		{"default rights", `ALTER DEFAULT PRIVILEGES FOR ROLE guichet_monitor GRANT EXECUTE ON FUNCTIONS TO PUBLIC`, "default rights"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := storetest.New(t)
			portal := d.Open(t, "guichet_portal")
			if err := portal.Check(t.Context()); err != nil {
				t.Fatal("before:", err)
			}
			admin := d.Superuser(t)
			t.Cleanup(func() { // roles belong to the cluster, not to this database
				_, _ = admin.Exec(`REVOKE guichet_data FROM guichet_portal; ALTER ROLE guichet_portal RESET ALL`)
			})
			if _, err := admin.Exec(c.alter); err != nil {
				t.Fatal(err)
			}
			if err := portal.Check(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want it refused for %s", err, c.want)
			}
		})
	}
}

func column(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}
