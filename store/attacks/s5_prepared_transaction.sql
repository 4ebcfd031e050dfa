-- A transaction prepared and left (section 6).
-- expect 1 error: 55000
-- expect 1 notice: WARNING
-- expect: t
-- expect: over
BEGIN;
SELECT length(guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own)::text) > 0;
PREPARE TRANSACTION 'hostage';
ROLLBACK;
\echo over
