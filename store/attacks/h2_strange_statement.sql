-- Learn from a plan, rolled back, how much there is (L3): it cannot be closed,
-- and what is sent shows while the connection is there.
-- expect: before: alerts 0
-- expect: EXPLAIN: alerts 1, entries 1, reason guichet_portal/EXPLAIN
-- expect: SET: alerts 2, reason guichet_portal/SET
-- expect: within a SELECT: alerts 3, reason guichet_portal/SELECT
\! $SUPERUSER "SELECT guichet.watch_connections()"
\! $SUPERUSER "SELECT 'before: alerts ' || count(*) FROM guichet.alert WHERE kind = 'strange-statement'"
BEGIN;
\o /dev/null
EXPLAIN (ANALYZE, WAL, BUFFERS) SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :other);
\o
\! $SUPERUSER "SELECT guichet.watch_connections()"
\! $SUPERUSER "SELECT guichet.watch_connections()"
\! $SUPERUSER "SELECT 'EXPLAIN: alerts ' || count(*) || ', entries ' || (SELECT count(*) FROM guichet.trace WHERE type = 'statement.strange') || ', reason ' || max(t.reason) FILTER (WHERE a.id = (SELECT max(id) FROM guichet.alert)) FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'strange-statement' AND t.type = 'statement.strange'"
ROLLBACK;
set statement_timeout = 0;
\! $SUPERUSER "SELECT guichet.watch_connections()"
\! $SUPERUSER "SELECT 'SET: alerts ' || count(*) || ', reason ' || max(t.reason) FILTER (WHERE a.id = (SELECT max(id) FROM guichet.alert)) FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'strange-statement' AND t.type = 'statement.strange'"
\o /dev/null
SELECT 'guichet' \; DO 'BEGIN END' \; SELECT 1;
\o
\! $SUPERUSER "SELECT guichet.watch_connections()"
\! $SUPERUSER "SELECT 'within a SELECT: alerts ' || count(*) || ', reason ' || max(t.reason) FILTER (WHERE a.id = (SELECT max(id) FROM guichet.alert)) FROM guichet.alert a JOIN guichet.trace t ON t.id = a.entry WHERE a.kind = 'strange-statement' AND t.type = 'statement.strange'"
