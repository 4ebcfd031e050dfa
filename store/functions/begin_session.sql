-- begin_session opens the session of a sign-in whose entry has been left; last
-- is the sign-in before it (AA9).
CREATE FUNCTION guichet.begin_session(opened uuid, token bytea, account uuid, idle interval, lifetime interval, entry bigint, last bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    INSERT INTO guichet.session (id, token, account, listener, opened, seen, idle, expires, entry, previous)
    VALUES (begin_session.opened, sha256(begin_session.token), begin_session.account, session_user, now_, now_, begin_session.idle, now_ + lifetime,
            begin_session.entry, last);
END $$;
