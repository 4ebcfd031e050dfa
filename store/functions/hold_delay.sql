-- hold_delay returns how an address or an account stands, and keeps others from
-- changing it until the end of the transaction.
CREATE FUNCTION guichet.hold_delay(network cidr, account uuid, request uuid) RETURNS guichet.delay LANGUAGE plpgsql AS $$
DECLARE
    d guichet.delay;
    r guichet.delay_rule := guichet.delay_rule(network);
    now_ timestamptz := guichet.clock();
BEGIN
    LOOP -- housekeeping may forget the row between the two
        INSERT INTO guichet.delay (id, network, account, failures, failed, until, ended)
        VALUES (gen_random_uuid(), hold_delay.network, hold_delay.account, 0, now_, now_, true) ON CONFLICT DO NOTHING;
        SELECT * INTO d FROM guichet.delay x WHERE x.network = hold_delay.network OR x.account = hold_delay.account FOR UPDATE;
        EXIT WHEN FOUND;
    END LOOP;
    now_ := guichet.clock(); -- others may have failed while this one waited for the row
    IF d.failed > now_ THEN -- the clock has been set back: what was to be waited is waited from now
        d.until := now_ + (d.until - d.failed);
        d.failed := now_;
    END IF;
    IF d.until <= now_ AND NOT d.ended THEN
        d.ended := true;
        PERFORM guichet.leave_delay('delay.end', d, 'elapsed', NULL, request);
    END IF;
    -- Where the cap is near the time to forget, an address must not be forgotten
    -- as soon as its delay is over.
    IF now_ >= d.failed + r.forget AND now_ >= d.until + r.cap THEN
        d.failures := 0;
    END IF;
    UPDATE guichet.delay x SET failures = d.failures, failed = d.failed, until = d.until, ended = d.ended
     WHERE x.id = d.id AND (x.failures, x.failed, x.until, x.ended) IS DISTINCT FROM (d.failures, d.failed, d.until, d.ended);
    RETURN d;
END $$;
