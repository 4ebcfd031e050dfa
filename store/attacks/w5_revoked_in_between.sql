-- The grant, then the session, ends between ask and receive (W5): receive
-- decides once more.
-- expect 1 error: GU001
-- expect: before 8
-- expect: after the grant ended 0
-- expect: after the session ended 0
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
SELECT 'before ' || count(*) FROM guichet.receive(:token, :entry);
\! $SUPERUSER "INSERT INTO guichet.grant_end (grant_id, at, reason) SELECT id, clock_timestamp(), 'test' FROM guichet.grants"
SELECT guichet.flush();
SELECT 'after the grant ended ' || count(*) FROM guichet.receive(:token, :entry);

SELECT guichet.ask_home(:token, '{192.0.2.1}', gen_random_uuid()) AS entry \gset
SELECT guichet.end_session(:token, '{192.0.2.1}', gen_random_uuid(), 'logout') AS ended \gset
SELECT guichet.flush();
\set rows 0
SELECT count(*) AS rows FROM guichet.receive(:token, :entry) \gset
SELECT 'after the session ended ' || :rows;
