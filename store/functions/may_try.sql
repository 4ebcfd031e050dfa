-- may_try says how long an address must wait before it may begin a sign-in: no
-- time at all, as a rule. Asking early lengthens nothing (AA7.b).
CREATE FUNCTION guichet.may_try(ip inet, request uuid, provider text) RETURNS TABLE (wait bigint, failures integer) LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    d guichet.delay;
BEGIN
    PERFORM guichet.guard_try(ip, request, provider);
    d := guichet.delay_of(guichet.network_of(ip), NULL, request);
    wait := guichet.time_left(d);
    failures := coalesce(d.failures, 0);
    IF wait > 0 THEN
        PERFORM guichet.refuse_try(d, 'waiting', provider, ip, request);
    END IF;
    RETURN NEXT;
END $$;
