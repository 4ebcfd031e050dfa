-- Ask in a transaction that was begun while the grant held and the session
-- lived (W2).
-- given: a clock that stands still
-- expect: after the grant ended: refused no-grant
-- expect: rows 0
-- expect: after the session ended: refused session-over
BEGIN;
SELECT 1 AS begun \gset
\! $SUPERUSER "INSERT INTO guichet.grant_end (grant_id, at, reason) SELECT id, at, 'test' FROM guichet.grants, guichet.test_clock"
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
COMMIT;
\setenv ENTRY :entry
\! $SUPERUSER "SELECT 'after the grant ended: ' || outcome || ' ' || reason FROM guichet.trace WHERE id = $ENTRY"
SELECT guichet.flush();
SELECT 'rows ' || count(*) FROM guichet.receive(:token, :entry);

BEGIN;
SELECT 1 AS begun \gset
\! $SUPERUSER "UPDATE guichet.test_clock SET at = at + '15 minutes'"
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
COMMIT;
\setenv ENTRY :entry
\! $SUPERUSER "SELECT 'after the session ended: ' || outcome || ' ' || reason FROM guichet.trace WHERE id = $ENTRY"
