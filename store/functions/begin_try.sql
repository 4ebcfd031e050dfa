-- begin_try gives a sign-in its place before the provider's answer is evaluated,
-- or says how long it must wait. Places are few, so that tries begun before the
-- first failure counts get no further than the delays they will have added up.
-- Twenty people behind one address who sign in at once all find one. Who keeps an
-- address's row to himself stops that address, for a second each (monitor, 6).
CREATE FUNCTION guichet.begin_try(ip inet[], request uuid, provider text)
RETURNS TABLE (wait bigint, rung integer, longest bigint, blocked boolean) LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    n cidr := guichet.network_of(ip[1]);
    d guichet.delay;
BEGIN
    PERFORM guichet.guard_try(ip, request, provider);
    SELECT * INTO wait, rung, longest, blocked FROM guichet.answer_try(guichet.delay_of(n, NULL, request), provider, ip, request);
    IF wait > 0 THEN
        RETURN NEXT;
        RETURN;
    END IF;
    d := guichet.hold_delay(n, NULL, request);
    IF d.until <= guichet.clock() AND NOT guichet.take_place(n) THEN
        PERFORM guichet.refuse_try(d, 'crowded', provider, ip, request);
        RETURN QUERY SELECT 2000000::bigint, 0, 0::bigint, false;
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM guichet.answer_try(d, provider, ip, request);
END $$;
