-- suspend_unused suspends an account that was not used for longer than the
-- hospital allows, when somebody comes to use it (GA4.c).
CREATE FUNCTION guichet.suspend_unused(v guichet.verdict, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
    entry bigint;
BEGIN
    v.outcome := 'granted';
    v.reason := 'unused';
    m := ROW(ARRAY['account'], ARRAY[v.account], ARRAY[guichet.account_version_of(v.account)]);
    entry := guichet.leave_trace('account.suspend', v, m, '{}', NULL, ip, request);
    INSERT INTO guichet.account_state (account, state, reason, at, entry) VALUES (v.account, 'suspended', 'unused', guichet.clock(), entry);
END $$;
