-- refresh_account keeps what a provider says of a person now as a new version
-- of their account (identity, 1.8): the versions before stay as they are.
CREATE FUNCTION guichet.refresh_account(token bytea, ip inet[], request uuid, fresh integer, sealed bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    entry bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(fresh, sealed) > 0 OR octet_length(sealed) > 4096 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'account', NULL);
    IF v.outcome = 'granted' AND fresh <> guichet.account_version_of(v.account) + 1 THEN
        v.outcome := 'refused';
        v.reason := 'version'; -- another sign-in has kept it meanwhile
    END IF;
    IF v.outcome = 'granted' THEN
        v.before := (SELECT sha256(coalesce((SELECT w.sealed FROM guichet.account_version w WHERE w.account = a.id ORDER BY w.version DESC LIMIT 1), a.sealed)) FROM guichet.account a WHERE a.id = v.account);
        v.after := sha256(refresh_account.sealed);
    END IF;
    IF v.account IS NOT NULL THEN
        m := ROW(ARRAY['account'], ARRAY[v.account], ARRAY[CASE v.outcome WHEN 'granted' THEN fresh ELSE 0 END]);
    END IF;
    entry := guichet.leave_trace('account.traits', v, m, '{}', NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.account_version (account, version, sealed, at, entry) VALUES (v.account, fresh, refresh_account.sealed, guichet.clock(), entry)
            ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004';
        END IF;
    END IF;
    RETURN entry;
END $$;
