-- refuse_blocked leaves the entry of a sign-in from a blocked network (TR1.d): as
-- of one before its time, the first of a block, then one a minute at most.
CREATE FUNCTION guichet.refuse_blocked(b guichet.blocked_network, provider text, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    now_ timestamptz := guichet.clock();
BEGIN
    IF b.told BETWEEN now_ - interval '1 minute' AND now_ THEN
        RETURN;
    END IF;
    PERFORM FROM guichet.blocked_network x WHERE x.id = b.id AND x.told IS NOT DISTINCT FROM b.told FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN; -- somebody else does
    END IF;
    UPDATE guichet.blocked_network x SET told = now_ WHERE x.id = b.id;
    v.outcome := 'refused';
    v.reason := 'blocked';
    PERFORM guichet.leave_trace('delay.refused', v, ROW(ARRAY['network'], ARRAY[b.id], ARRAY[1])::guichet.manifest, '{}', provider, ip, request);
END $$;
