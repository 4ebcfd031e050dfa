-- Ask in a savepoint that is rolled back, in a transaction that commits.
-- expect: rows 0
-- expect: rows later 0
BEGIN;
SAVEPOINT s;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
ROLLBACK TO SAVEPOINT s;
SELECT 'rows ' || count(*) FROM guichet.receive(:token, :entry);
COMMIT;
SELECT 'rows later ' || count(*) FROM guichet.receive(:token, :entry);
