-- end_session ends a session for good, with its tombstone (AA8.d, AA12). Once
-- ended it stays as it ended, and for what it ended.
CREATE FUNCTION guichet.end_session(token bytea, ip inet[], request uuid, reason text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
    why text;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF reason IS NULL OR reason NOT IN ('logout', 'error', 'identity', 'closed') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(end_session.token) AND o.listener = session_user;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    why := guichet.standing_of(s);
    IF why IS NOT NULL AND why <> 'waiting' THEN
        PERFORM guichet.bury_session(s.id, ip, request);
        RETURN;
    END IF;
    PERFORM guichet.leave_end(s, guichet.clock(), reason, ip, request);
    IF reason = 'logout' THEN
        PERFORM guichet.empty_session(s.id); -- the provider's session is closed in the same breath
    END IF;
END $$;
