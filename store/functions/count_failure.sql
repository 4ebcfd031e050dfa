-- count_failure adds a failure of an address, or of an account, and makes the next
-- try wait. Failures of one address at once wait one after another: a thousand
-- side by side cost what they cost in line. It returns the failures in a row.
CREATE FUNCTION guichet.count_failure(network cidr, account uuid, ip inet[], request uuid) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    d guichet.delay := guichet.hold_delay(network, account, request);
    r guichet.delay_rule := guichet.delay_rule(network);
    now_ timestamptz := guichet.clock();
    begins boolean := d.until <= now_;
    wait interval;
BEGIN
    d.failures := least(d.failures + 1, 1000000);
    wait := guichet.wait_after(d.failures - r.free, r.cap);
    d.until := CASE WHEN r.adds THEN greatest(d.until, now_) + wait ELSE greatest(d.until, now_ + wait) END;
    d.ended := d.until <= now_;
    UPDATE guichet.delay x SET failures = d.failures, failed = now_, until = d.until, ended = d.ended WHERE x.id = d.id;
    IF begins AND NOT d.ended THEN
        PERFORM guichet.leave_delay('delay.start', d, CASE WHEN network IS NULL THEN 'account' WHEN r.adds THEN 'address' ELSE 'shared-address' END, ip, request);
    END IF;
    RETURN d.failures;
END $$;
