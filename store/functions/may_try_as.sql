-- may_try_as says how long a person whom a provider has identified must wait,
-- where accounts are delayed too (AA7.c), or their network has been blocked since
-- they began (AA7.g). The account itself is never touched.
CREATE FUNCTION guichet.may_try_as(ip inet[], request uuid, provider text, person bytea)
RETURNS TABLE (wait bigint, rung integer, longest bigint, blocked boolean) LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    d guichet.delay;
BEGIN
    PERFORM guichet.guard_try(ip, request, provider);
    IF guichet.setting_of('delay.identity') = 'on' THEN
        d := guichet.delay_of(NULL, (SELECT i.account FROM guichet.identity i WHERE i.subject = person), request);
    END IF;
    SELECT * INTO wait, rung, longest, blocked FROM guichet.answer_try(d, provider, ip, request);
    IF wait > 0 THEN
        PERFORM guichet.leave_place(guichet.network_of(ip[1]));
    END IF;
    RETURN NEXT;
END $$;
