-- guard_try refuses a call about a sign-in that could not be relied on.
CREATE FUNCTION guichet.guard_try(ip inet[], request uuid, provider text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF num_nulls(ip[1], request, provider) > 0 OR provider NOT IN ('franceconnect', 'psc') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    PERFORM guichet.check_settings();
END $$;
