-- The same, and the attacker's own backend is killed before anything was
-- flushed (B1): what the crash forgets was never handed over.
-- given: a cluster of its own where nobody flushes by chance
-- expect 1 error: GU002
-- expect: handed over without a lasting entry 0
BEGIN;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SET LOCAL synchronous_commit = off;
COMMIT;
\set rows 0
SELECT count(*) AS rows FROM guichet.receive(:token, :entry) \gset
SELECT pg_backend_pid() AS backend \gset
\setenv BACKEND :backend
\setenv ENTRY :entry
\setenv ROWS :rows
\! $SUPERUSER '\! kill -KILL $BACKEND' -c 'SELECT pg_sleep(60)' >/dev/null 2>&1
\! until $SUPERUSER "SELECT 'handed over without a lasting entry ' || CASE WHEN EXISTS (SELECT FROM guichet.trace WHERE id = $ENTRY) THEN 0 ELSE $ROWS END" 2>/dev/null; do :; done
