-- close_account is the holder's own wish (GA4.d): the account is blocked, which
-- the hospital can undo, and every session of it ends. It returns the entry,
-- or 0 where the session is over.
CREATE FUNCTION guichet.close_account(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    made bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    PERFORM FROM guichet.session o WHERE o.token = sha256(close_account.token) AND o.listener = session_user FOR NO KEY UPDATE; -- a second click waits
    v := guichet.decide(token, 'account', NULL);
    IF v.outcome = 'granted' THEN
        v.reason := 'holder';
    END IF;
    made := guichet.leave_trace('account.block', v, ROW(ARRAY['account-head'], ARRAY[v.account], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]), '{}', NULL, ip, request);
    IF v.outcome <> 'granted' THEN
        RETURN 0;
    END IF;
    INSERT INTO guichet.account_state (account, state, reason, at, entry) VALUES (v.account, 'blocked', 'holder', now_, made);
    PERFORM guichet.end_sessions(v.account, 'logout', now_, ip, request);
    RETURN made;
END $$;
