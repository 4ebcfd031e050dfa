-- judge_account decides on, and names, the account of the person signed in,
-- their own record's identity, and the latest twenty times they signed in
-- (AA9).
CREATE FUNCTION guichet.judge_account(token bytea) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    own uuid;
    shown bigint[];
BEGIN
    own := guichet.own_patient(token);
    v := guichet.decide(token, CASE WHEN own IS NULL THEN 'account' ELSE 'read' END, own);
    IF v.outcome = 'granted' THEN
        SELECT array_agg(l.id ORDER BY l.id DESC) INTO shown
          FROM (SELECT t.id FROM guichet.trace t
                 WHERE t.account = v.account AND t.type = 'sign-in' AND t.outcome = 'granted'
                 ORDER BY t.id DESC
                 LIMIT 20) l;
    END IF;
    j.event := 'account.read';
    j.verdict := v;
    IF v.outcome = 'granted' THEN
        j.named := guichet.person(v);
    END IF;
    j.entries := shown;
    RETURN j;
END $$;
