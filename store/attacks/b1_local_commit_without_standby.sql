-- The same where a synchronous standby is named and none is there (B1'): the
-- entry is on this disk, and a failover would lose it.
-- expect error: GU002
-- expect: without the standby 0
BEGIN;
SELECT guichet.ask_report(:token, '192.0.2.1', gen_random_uuid(), :own) AS entry \gset
SET LOCAL synchronous_commit = local;
COMMIT;
SET synchronous_commit = local;
SELECT guichet.flush();
\set rows 0
SELECT count(*) AS rows FROM guichet.receive(:token, :entry) \gset
SELECT 'without the standby ' || :rows;
