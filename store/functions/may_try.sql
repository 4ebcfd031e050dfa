-- may_try says how long an address must wait before it may begin a sign-in: no
-- time at all, as a rule. Asking early lengthens nothing (AA7.b).
CREATE FUNCTION guichet.may_try(ip inet[], request uuid, provider text)
RETURNS TABLE (wait bigint, rung integer, longest bigint, blocked boolean) LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
BEGIN
    PERFORM guichet.guard_try(ip, request, provider);
    RETURN QUERY SELECT * FROM guichet.answer_try(guichet.delay_of(guichet.network_of(ip[1]), NULL, request), provider, ip, request);
END $$;
