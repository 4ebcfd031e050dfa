-- set_account_state suspends, restores or blocks an account (GA4): its sessions
-- end with it, whatever process serves them. An open one is kept by a review
-- (GA4.e).
CREATE FUNCTION guichet.set_account_state(token bytea, ip inet[], request uuid, wanted uuid, state text, reason text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    current_state text;
    named text;
    made bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(wanted, state, reason) > 0 OR NOT (CASE state
        WHEN 'suspended' THEN reason IN ('usurpation', 'unused', 'review')
        WHEN 'active' THEN reason IN ('identity-proved', 'review', 'mistake', 'kept')
        WHEN 'blocked' THEN reason IN ('departure', 'death', 'holder', 'usurpation')
        ELSE false END) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        v.reason := reason;
        SELECT a.role INTO named FROM guichet.account a WHERE a.id = wanted AND a.role IN ('patient', 'physician', 'nurse', 'professional');
        current_state := coalesce((SELECT c.state FROM guichet.account_state c WHERE c.account = wanted ORDER BY c.entry DESC LIMIT 1), 'active');
        IF named IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        ELSIF current_state = 'closed' OR (current_state = state) <> (reason = 'kept') THEN
            v.outcome := 'refused';
            v.reason := 'account-' || current_state;
        END IF;
    END IF;
    made := guichet.leave_trace(CASE state WHEN 'suspended' THEN 'account.suspend' WHEN 'active' THEN CASE reason WHEN 'kept' THEN 'account.review' ELSE 'account.restore' END ELSE 'account.block' END, v,
        ROW(ARRAY['account-head'], ARRAY[wanted], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]), '{}', NULL, ip, request);
    IF v.outcome <> 'granted' THEN
        RETURN made;
    END IF;
    INSERT INTO guichet.account_state (account, state, reason, at, entry) VALUES (wanted, set_account_state.state, set_account_state.reason, now_, made);
    IF state <> 'active' THEN
        PERFORM guichet.end_sessions(wanted, 'admin', now_, ip, request);
    END IF;
    RETURN made;
END $$;
