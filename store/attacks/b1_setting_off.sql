-- Asynchronous commit, in every spelling, is refused by ask (B1, B1').
-- expect 4 errors: 25000
-- expect: asked 0
SET synchronous_commit = off;
SELECT 'asked ' || guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own);
SET synchronous_commit = 'false';
SELECT 'asked ' || guichet.ask_home(:token, '{192.0.2.1}', gen_random_uuid());
SET synchronous_commit = 'local';
SELECT 'asked ' || guichet.ask_reports(:token, '{192.0.2.1}', gen_random_uuid());
SET synchronous_commit = 'remote_write';
SELECT 'asked ' || guichet.ask_access_log(:token, '{192.0.2.1}', gen_random_uuid(), 0, 50, false, '', NULL, false);
SELECT 'asked ' || 0;
