-- A snapshot from before a revocation (W3).
-- expect 2 errors: 25000
-- expect: asked 0
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own);
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM guichet.receive(:token, 1);
ROLLBACK;
SELECT 'asked ' || 0;
