-- begin_try gives a sign-in its place before the provider's answer is evaluated,
-- or says how long it must wait. Places are few, so that tries begun before the
-- first failure counts get no further than the delays they will have added up.
-- Twenty people behind one address who sign in at once all find one. Who keeps an
-- address's row to himself stops that address, for a second each (monitor, 6).
CREATE FUNCTION guichet.begin_try(ip inet, request uuid, provider text) RETURNS TABLE (wait bigint, failures integer) LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    n cidr := guichet.network_of(ip);
    d guichet.delay;
    reason text := 'waiting';
BEGIN
    PERFORM guichet.guard_try(ip, request, provider);
    d := guichet.delay_of(n, NULL, request);
    wait := guichet.time_left(d);
    IF wait = 0 THEN
        d := guichet.hold_delay(n, NULL, request);
        wait := guichet.time_left(d);
        IF wait = 0 AND NOT guichet.take_place(n) THEN
            wait := 2000000;
            reason := 'crowded';
        END IF;
    END IF;
    failures := d.failures;
    IF wait > 0 THEN
        PERFORM guichet.refuse_try(d, reason, provider, ip, request);
    END IF;
    RETURN NEXT;
END $$;
