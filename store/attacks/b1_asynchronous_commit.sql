-- Ask, and turn the commit asynchronous behind its back (B1). Nothing is handed
-- over before the entry is durable; once it is, the entry may be honoured.
-- expect error: GU002
-- expect: before it is durable 0
-- expect: once it is durable 8
BEGIN;
SELECT guichet.ask_report(:token, '192.0.2.1', gen_random_uuid(), :own) AS entry \gset
SET LOCAL synchronous_commit = off;
COMMIT;
\set rows 0
SELECT count(*) AS rows FROM guichet.receive(:token, :entry) \gset
SELECT 'before it is durable ' || :rows;
SELECT guichet.flush();
SELECT 'once it is durable ' || count(*) FROM guichet.receive(:token, :entry);
