-- end_session ends a session for good, with its tombstone (AA8.d, AA12). Once
-- ended it stays as it ended.
CREATE FUNCTION guichet.end_session(token bytea, ip inet, request uuid, reason text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
    v guichet.verdict;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF reason IS NULL OR reason NOT IN ('logout', 'error', 'closed') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(end_session.token) AND o.listener = session_user;
    IF NOT FOUND OR EXISTS (SELECT FROM guichet.session_end e WHERE e.session = s.id) THEN
        RETURN;
    END IF;
    INSERT INTO guichet.session_end (session, at, reason) VALUES (s.id, guichet.clock(), end_session.reason);
    v.outcome := 'granted';
    v.reason := reason;
    v.session := s.id;
    v.account := s.account;
    SELECT a.role INTO v.role FROM guichet.account a WHERE a.id = s.account;
    PERFORM guichet.leave_trace(CASE WHEN v.role = 'operator' THEN 'operator.close' WHEN v.role = 'witness' THEN 'witness.close' WHEN reason = 'logout' THEN 'sign-out' WHEN reason = 'closed' THEN 'feed.close' ELSE 'session.end' END, v, NULL, '{}', NULL, ip, request);
END $$;
