-- suspend_idle suspends an account that was not used, or not reviewed, for
-- longer than the hospital allows, when somebody comes to use it (GA4.c, GA4.e).
CREATE FUNCTION guichet.suspend_idle(v guichet.verdict, ip inet[], request uuid, why text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
    entry bigint;
BEGIN
    v.outcome := 'granted';
    v.reason := why;
    m := ROW(ARRAY['account'], ARRAY[v.account], ARRAY[guichet.account_version_of(v.account)]);
    entry := guichet.leave_trace('account.suspend', v, m, '{}', NULL, ip, request);
    INSERT INTO guichet.account_state (account, state, reason, at, entry) VALUES (v.account, 'suspended', why, guichet.clock(), entry);
END $$;
