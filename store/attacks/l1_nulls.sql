-- Arguments missing or out of bounds: a fixed message, no row (L1).
-- expect 25 errors: 22023
-- expect: over
SELECT guichet.ask_report(NULL, '{192.0.2.1}', gen_random_uuid(), :own);
SELECT guichet.ask_report(:token, NULL, gen_random_uuid(), :other);
SELECT guichet.ask_report(:token, '{192.0.2.1}', NULL, :other);
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), NULL);
SELECT guichet.ask_report('\x00', '{192.0.2.1}', gen_random_uuid(), :own);
SELECT guichet.ask_access_log(:token, '{192.0.2.1}', gen_random_uuid(), NULL, 50, false, '', NULL, false);
SELECT guichet.ask_access_log(:token, '{192.0.2.1}', gen_random_uuid(), -1, 50, false, '', NULL, false);
SELECT guichet.ask_home(:token, NULL, gen_random_uuid());
SELECT guichet.ask_original(:token, NULL, gen_random_uuid(), :other);
SELECT * FROM guichet.receive(NULL, 1);
SELECT * FROM guichet.receive(:token, NULL);
SELECT guichet.sign_in(:token, '{192.0.2.1}', gen_random_uuid(), NULL, 'i', '\x00', '\x00', '\x00', 'patient', gen_random_uuid(), '\x00', '', gen_random_uuid(), '\x00', '\x00', '\x00', '{}', gen_random_uuid(), 'R', '\x00', NULL, '{}', NULL);
SELECT guichet.sign_in(:token, '{192.0.2.1}', gen_random_uuid(), 'psc', 'i', '\x00', '\x00', '\x00', 'administrator', gen_random_uuid(), '\x00', '', gen_random_uuid(), '\x00', '\x00', '\x00', '{}', gen_random_uuid(), 'R', '\x00', NULL, '{}', NULL);
SELECT guichet.sign_in(:token, '{192.0.2.1}', gen_random_uuid(), 'psc', 'i', '\x00', '\x00', '\x00', 'patient', gen_random_uuid(), '\x00', '', gen_random_uuid(), '\x00', '\x00', '\x00', '{}', gen_random_uuid(), 'R', '\x00', NULL, '{}', NULL);
SELECT guichet.sign_in(:token, '{192.0.2.1}', gen_random_uuid(), 'psc', 'i', '\x00', '\x00', '\x00', 'nurse', gen_random_uuid(), '\x00', '', gen_random_uuid(), '\x00', '\x00', '\x00', '{}', gen_random_uuid(), 'R', '\x00', '\x00', '{}', NULL);
SELECT guichet.refresh_account(:token, '{192.0.2.1}', gen_random_uuid(), 2, NULL);
SELECT guichet.end_session(:token, '{192.0.2.1}', gen_random_uuid(), 'no such reason');
SELECT guichet.refuse_sign_in('{192.0.2.1}', gen_random_uuid(), 'psc', 'free text');
SELECT guichet.leave_event('{192.0.2.1}', gen_random_uuid(), 'report.read');
SELECT guichet.leave_failure(:token, '{192.0.2.1}', gen_random_uuid(), NULL);
SELECT guichet.save_session(:token, NULL);
SELECT guichet.load_session(:token, NULL, gen_random_uuid(), true);
SELECT guichet.load_session(:token, '{192.0.2.1}', gen_random_uuid(), NULL);
SELECT guichet.take_over('\x00', '{192.0.2.1}', gen_random_uuid());
SELECT guichet.report_incident(:token, NULL, gen_random_uuid());
\echo over
