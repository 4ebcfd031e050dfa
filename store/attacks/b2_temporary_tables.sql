-- The same where temporary tables are allowed (B2): a trace of the attacker's
-- own that grants everything, and a trigger to run as the functions' owner.
-- given: a database where anybody may make temporary tables
-- expect: forged 1
-- expect: rows 0
-- expect: triggered 0
CREATE TEMP TABLE trace AS SELECT 1::bigint AS id, clock_timestamp() AS at, 'report.read'::text AS type, 'granted'::text AS outcome, ARRAY['report'] AS kinds, ARRAY[:other] AS records, ARRAY[1] AS versions;
CREATE TEMP TABLE ran (by name);
CREATE TEMP TABLE session (token bytea, listener name);
CREATE FUNCTION pg_temp.steal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO pg_temp.ran VALUES (current_user); RETURN NEW; END $$;
CREATE TRIGGER steal BEFORE INSERT ON trace FOR EACH ROW EXECUTE FUNCTION pg_temp.steal();
CREATE FUNCTION pg_temp.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT $1[1]';
SET search_path = pg_temp, guichet, pg_catalog;
SELECT 'forged ' || count(*) FROM trace;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :other) AS entry \gset
SELECT guichet.flush();
SELECT 'rows ' || count(*) FROM guichet.receive(:token, 1);
SELECT 'triggered ' || count(*) FROM ran;
