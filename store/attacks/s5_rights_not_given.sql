-- What the role may not do at all (section 5, section 6).
-- expect 35 errors: 42501|55000|42704|42P01|0A000|22023|42883|25001|3F000
-- expect: over
SELECT count(*) FROM guichet.report;
SELECT count(*) FROM guichet.trace;
SELECT keyset FROM guichet.patient;
DELETE FROM guichet.trace;
UPDATE guichet.trace SET outcome = 'granted';
INSERT INTO guichet.trace (at, type) VALUES (now(), 'report.read');
TRUNCATE guichet.trace;
COPY guichet.report TO STDOUT;
COPY guichet.report TO PROGRAM 'cat';
BEGIN;
LOCK TABLE guichet.trace;
ROLLBACK;
SELECT nextval('guichet.trace_id_seq');
SELECT setval('guichet.trace_id_seq', 1);
CREATE TABLE public.mine (id int);
SET session_replication_role = replica;
SET ignore_checksum_failure = on;
LOAD 'auto_explain';
SELECT pg_export_snapshot();
SELECT pg_advisory_lock(1);
SELECT pg_try_advisory_lock(1);
SELECT pg_terminate_backend(1);
SELECT pg_cancel_backend(1);
SELECT lo_create(1);
SELECT lo_from_bytea(0, '\x00');
SELECT pg_logical_emit_message(true, 'guichet', 'flush');
SELECT pg_notify('a', 'b');
SELECT pg_stat_get_xact_tuples_returned(1);
SET ROLE guichet_data;
SET ROLE guichet_monitor;
SET SESSION AUTHORIZATION guichet_owner;
ALTER FUNCTION guichet.decide(bytea, text, uuid) OWNER TO guichet_portal;
DROP FUNCTION guichet.decide(bytea, text, uuid);
CREATE TRIGGER t AFTER INSERT ON guichet.trace EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE EXTENSION pgcrypto;
SELECT guichet.block_network(:token, '{192.0.2.1}', gen_random_uuid(), '192.0.2.0/24', '1 hour');
SELECT guichet.unblock_network(:token, '{192.0.2.1}', gen_random_uuid(), '192.0.2.0/24');
\echo over
