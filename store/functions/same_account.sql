-- same_account says whether the live session of token belongs to the account of
-- a former session, named by the SHA-256 of its token: what one person was
-- reading is given back to that person only. It names nobody.
CREATE FUNCTION guichet.same_account(token bytea, former bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
BEGIN
    PERFORM guichet.check_settings();
    IF same_account.token IS NULL OR octet_length(same_account.token) <> 32 OR former IS NULL OR octet_length(former) <> 32 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'account', NULL);
    RETURN (SELECT count(*) FROM guichet.session s WHERE s.token = former AND s.listener = session_user AND s.account = v.account AND v.outcome = 'granted');
END $$;
