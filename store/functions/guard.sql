-- guard refuses a call whose verdict or trace could not be relied on, with
-- fixed messages that show no row (L1). ip holds the client's address, as the
-- listener claims it, and behind a proxy that of the peer (TR2.d).
CREATE FUNCTION guichet.guard(token bytea, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF token IS NULL OR octet_length(token) <> 32 OR ip[1] IS NULL OR cardinality(ip) > 2 OR request IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    PERFORM guichet.check_settings();
END $$;
