-- Ask, and turn the commit asynchronous behind its back (B1). Nothing is handed
-- over before the entry is durable; once it is, it is handed over, and the
-- entry outlives the crash of the attacker's own backend.
-- given: a cluster of its own where nobody flushes by chance
-- expect 1 error: GU002
-- expect: before it is durable 0
-- expect: once it is durable 8
-- expect: after the crash 1
BEGIN;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SET LOCAL synchronous_commit = off;
COMMIT;
\set rows 0
SELECT count(*) AS rows FROM guichet.receive(:token, :entry) \gset
SELECT 'before it is durable ' || :rows;
SELECT guichet.flush();
SELECT 'once it is durable ' || count(*) FROM guichet.receive(:token, :entry);
SELECT pg_backend_pid() AS backend \gset
\setenv BACKEND :backend
\setenv ENTRY :entry
\! $SUPERUSER '\! kill -KILL $BACKEND' -c 'SELECT pg_sleep(60)' >/dev/null 2>&1
\! until $SUPERUSER "SELECT 'after the crash ' || count(*) FROM guichet.trace WHERE id = $ENTRY" 2>/dev/null; do :; done
