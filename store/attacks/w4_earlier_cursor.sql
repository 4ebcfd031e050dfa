-- A cursor that was opened before the grant ended, read afterwards (W4).
-- expect: rows 0
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
BEGIN;
DECLARE waiting CURSOR FOR SELECT count(*) AS n FROM guichet.receive(:token, :entry);
\! $SUPERUSER "INSERT INTO guichet.grant_end (grant_id, at, reason) SELECT id, clock_timestamp(), 'test' FROM guichet.grants"
FETCH waiting \gset
SELECT 'rows ' || :n;
COMMIT;
