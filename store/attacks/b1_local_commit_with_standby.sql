-- The same where a synchronous standby is named (B1'): while it does not
-- answer, the entry is on this disk alone, and a failover would lose it.
-- given: a cluster of its own with a synchronous standby
-- expect 1 error: GU002
-- expect: with the standby 8
-- expect: without the standby 0
-- expect: with the standby back 8
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
SELECT 'with the standby ' || count(*) FROM guichet.receive(:token, :entry);

\! $STANDBY "ALTER SYSTEM SET primary_conninfo = 'host=/nonexistent'" -c 'SELECT pg_reload_conf()' >/dev/null
\! until [ "$($SUPERUSER 'SELECT count(*) FROM pg_stat_replication')" = 0 ]; do :; done
BEGIN;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SET LOCAL synchronous_commit = local;
COMMIT;
SET synchronous_commit = local;
SELECT guichet.flush();
\set rows 0
SELECT count(*) AS rows FROM guichet.receive(:token, :entry) \gset
SELECT 'without the standby ' || :rows;

\! $STANDBY 'ALTER SYSTEM RESET primary_conninfo' -c 'SELECT pg_reload_conf()' >/dev/null
\! until [ "$($SUPERUSER "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ]; do :; done
SET synchronous_commit = on;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
SELECT 'with the standby back ' || count(*) FROM guichet.receive(:token, :entry);
