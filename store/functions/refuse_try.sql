-- refuse_try leaves the entry of a sign-in that was asked for before its time
-- (TR1.d): the first of a delay, then one a minute at most, so that nobody fills
-- the trace by asking. Each has its line in the request log.
CREATE FUNCTION guichet.refuse_try(d guichet.delay, reason text, provider text, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    now_ timestamptz := guichet.clock();
BEGIN
    IF d.told BETWEEN greatest(now_ - interval '1 minute', d.failed) AND now_ THEN
        RETURN;
    END IF;
    PERFORM FROM guichet.delay x WHERE x.id = d.id AND x.told IS NOT DISTINCT FROM d.told FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN; -- somebody else does
    END IF;
    UPDATE guichet.delay x SET told = now_ WHERE x.id = d.id;
    v.outcome := 'refused';
    v.reason := reason;
    v.account := d.account;
    PERFORM guichet.leave_trace('delay.refused', v, ROW(ARRAY['delay'], ARRAY[d.id], ARRAY[d.failures])::guichet.manifest, '{}', provider, ip, request);
END $$;
