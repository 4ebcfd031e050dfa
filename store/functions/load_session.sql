-- load_session returns what the web layer keeps of a session, when it would
-- end for want of use, and why it ended where it has. It is sealed and names
-- nobody (L4). A limit that has passed leaves its tombstone and its entry here.
CREATE FUNCTION guichet.load_session(token bytea, ip inet, request uuid)
RETURNS TABLE (state text, at timestamptz, sealed bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s guichet.session;
    v guichet.verdict;
    why text;
    ended timestamptz;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(load_session.token) AND o.listener = session_user;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT e.reason, e.at INTO why, ended FROM guichet.session_end e WHERE e.session = s.id ORDER BY e.at LIMIT 1;
    why := guichet.session_end_of(s, why);
    -- Opened while its account was being suspended.
    IF why IS NULL AND (SELECT c.state FROM guichet.account_state c WHERE c.account = s.account ORDER BY c.entry DESC LIMIT 1) <> 'active' THEN
        why := 'admin';
    END IF;
    IF why IS NULL THEN
        PERFORM guichet.touch(s.id, s.seen);
        RETURN QUERY SELECT 'live', guichet.clock() + s.idle, s.sealed;
        RETURN;
    END IF;
    IF ended IS NULL THEN
        ended := guichet.clock();
        INSERT INTO guichet.session_end (session, at, reason) VALUES (s.id, ended, why);
        v.outcome := 'granted';
        v.reason := why;
        v.session := s.id;
        v.account := s.account;
        SELECT a.role INTO v.role FROM guichet.account a WHERE a.id = s.account;
        PERFORM guichet.leave_trace('session.end', v, NULL, '{}', NULL, ip, request);
    END IF;
    RETURN QUERY SELECT why, ended, NULL::bytea;
END $$;
