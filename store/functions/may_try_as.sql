-- may_try_as says how long a person whom a provider has identified must wait,
-- where accounts are delayed too (AA7.c). The account itself is never touched.
CREATE FUNCTION guichet.may_try_as(ip inet, request uuid, provider text, person bytea) RETURNS TABLE (wait bigint, failures integer) LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    d guichet.delay;
BEGIN
    PERFORM guichet.guard_try(ip, request, provider);
    wait := 0;
    failures := 0;
    IF guichet.setting_of('delay.identity') = 'on' THEN
        d := guichet.delay_of(NULL, (SELECT i.account FROM guichet.identity i WHERE i.subject = person), request);
        wait := guichet.time_left(d);
        failures := coalesce(d.failures, 0);
        IF wait > 0 THEN
            PERFORM guichet.refuse_try(d, 'waiting', provider, ip, request);
            PERFORM guichet.leave_place(guichet.network_of(ip));
        END IF;
    END IF;
    RETURN NEXT;
END $$;
