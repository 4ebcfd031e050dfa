-- Ask and receive in one transaction, then take the trace back (B1, section 5).
-- expect: rows 0
-- expect: rows in savepoint 0
-- expect: rows after release 0
BEGIN;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT 'rows ' || count(*) FROM guichet.receive(:token, :entry);
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT 'rows in savepoint ' || count(*) FROM guichet.receive(:token, :entry);
RELEASE SAVEPOINT s;
SELECT 'rows after release ' || count(*) FROM guichet.receive(:token, :entry);
ROLLBACK;
