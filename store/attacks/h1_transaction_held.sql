-- Draw the id of an entry and wait: no entry after it gets its place in the log,
-- and no change its turn, for as long as one connection stays (section 6).
-- given: transactions may stay open for no time at all
-- expect: before: held up 1, others 1
-- expect: after: held up 0, others 1, alerts 1, entries guichet_portal
SET idle_in_transaction_session_timeout = 0;
SET statement_timeout = 0;
SELECT pg_backend_pid() AS backend \gset
\setenv BACKEND :backend
BEGIN;
SELECT guichet.ask_home(:token, '{192.0.2.1}', gen_random_uuid()) AS entry \gset
\! $SUPERUSER "SELECT 'before: held up ' || count(*) FILTER (WHERE pid = $BACKEND) || ', others ' || (count(*) FILTER (WHERE usename = 'guichet_intake') > 0)::integer FROM pg_stat_activity WHERE datname = current_database()"
\! $SUPERUSER "SELECT guichet.watch_connections()"
\! i=0; until test "$($SUPERUSER "SELECT count(*) FROM pg_stat_activity WHERE pid = $BACKEND")" = 0 || test $((i+=1)) -gt 200; do :; done
\! $SUPERUSER "SELECT 'after: held up ' || count(*) FILTER (WHERE pid = $BACKEND) || ', others ' || (count(*) FILTER (WHERE usename = 'guichet_intake') > 0)::integer || (SELECT ', alerts ' || count(*) FROM guichet.alert WHERE kind = 'transaction-held') || (SELECT ', entries ' || string_agg(reason, ' ') FROM guichet.trace WHERE type = 'transaction.end') FROM pg_stat_activity WHERE datname = current_database()"
