-- ask_accounts asks for accounts, at most 200: those that may read the record of
-- the patient whom a number names, or, without one, all that are not open.
CREATE FUNCTION guichet.ask_accounts(token bytea, ip inet[], request uuid, identifier bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    found_ uuid[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' AND identifier IS NOT NULL THEN
        SELECT i.patient INTO v.patient FROM guichet.patient_index i WHERE i.field = 'identifier' AND i.value = identifier;
        IF v.patient IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    IF v.outcome = 'granted' THEN
        IF identifier IS NOT NULL THEN
            SELECT array_agg(x.account) INTO found_ FROM (SELECT DISTINCT g.account FROM guichet.grants g
                WHERE g.patient = v.patient AND NOT EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id) LIMIT 200) x;
        ELSE
            SELECT array_agg(x.account) INTO found_ FROM (SELECT DISTINCT c.account FROM guichet.account_state c
                WHERE c.state <> 'active' AND NOT EXISTS (SELECT FROM guichet.account_state l WHERE l.account = c.account AND l.entry > c.entry) LIMIT 200) x;
        END IF;
        found_ := coalesce(found_, '{}');
        m := guichet.person(ROW(v.outcome, v.reason, v.session, v.account, v.role, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::guichet.verdict);
        m := ROW(m.kinds || array_fill('account-head'::text, ARRAY[cardinality(found_)]), m.records || found_, m.versions || array_fill(1, ARRAY[cardinality(found_)]));
    END IF;
    RETURN guichet.leave_trace('account.list', v, m, '{}', NULL, ip, request);
END $$;
