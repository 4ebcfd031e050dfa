-- Functions that only other functions call (B3).
-- expect 6 errors: 42501
-- expect: left 0
SELECT 'left ' || guichet.leave_trace('report.read', ROW('granted','grant',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)::guichet.verdict, NULL, '{}', NULL, '{192.0.2.1}', gen_random_uuid());
SELECT guichet.decide(:token, 'read', gen_random_uuid());
SELECT guichet.own_patient(:token);
SELECT guichet.deposited(:own);
SELECT guichet.reports_of(gen_random_uuid());
SELECT guichet.touch(gen_random_uuid(), clock_timestamp());
SELECT 'left ' || 0;
