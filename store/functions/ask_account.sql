-- ask_account asks for the account of the person signed in, their own record's
-- identity, and the latest twenty times they signed in (AA9).
CREATE FUNCTION guichet.ask_account(token bytea, ip inet, request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    own uuid;
    shown bigint[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    own := guichet.own_patient(token);
    v := guichet.decide(token, CASE WHEN own IS NULL THEN 'account' ELSE 'read' END, own);
    IF v.outcome = 'granted' THEN
        SELECT array_agg(l.id ORDER BY l.id DESC) INTO shown
          FROM (SELECT t.id FROM guichet.trace t
                 WHERE t.account = v.account AND t.type = 'sign-in' AND t.outcome = 'granted'
                 ORDER BY t.id DESC
                 LIMIT 20) l;
        PERFORM guichet.touch(v.session, v.seen);
    END IF;
    RETURN guichet.leave_trace('account.read', v, CASE WHEN v.outcome = 'granted' THEN guichet.person(v) END, shown, NULL, ip, request);
END $$;
