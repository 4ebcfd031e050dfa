-- A transaction kept open, whose now() stands still (W1): an entry serves for
-- five seconds of the clock, and not before it was made.
-- given: a clock that stands still
-- expect: at once 8
-- expect: within the window 8
-- expect: at its end 0
-- expect: days later 0
-- expect: before it was made 0
SELECT guichet.ask_report(:token, '{192.0.2.1}', gen_random_uuid(), :own) AS entry \gset
SELECT guichet.flush();
BEGIN;
SELECT 'at once ' || count(*) FROM guichet.receive(:token, :entry);
\! $SUPERUSER "UPDATE guichet.test_clock SET at = at + '4.999 s'"
SELECT 'within the window ' || count(*) FROM guichet.receive(:token, :entry);
\! $SUPERUSER "UPDATE guichet.test_clock SET at = at + '0.001 s'"
SELECT 'at its end ' || count(*) FROM guichet.receive(:token, :entry);
\! $SUPERUSER "UPDATE guichet.test_clock SET at = at + '3 days'"
SELECT 'days later ' || count(*) FROM guichet.receive(:token, :entry);
\! $SUPERUSER "UPDATE guichet.test_clock SET at = at - interval '3 days 6 seconds'"
SELECT 'before it was made ' || count(*) FROM guichet.receive(:token, :entry);
COMMIT;
