-- judge_proof decides on one line of one's own access log, to be handed over in
-- the bytes that are proved.
CREATE FUNCTION guichet.judge_proof(token bytea, wanted bigint) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
BEGIN
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        IF EXISTS (SELECT FROM guichet.trace t WHERE t.id = wanted AND t.patient = v.patient AND t.type = ANY (guichet.accesses())) THEN
            j.named := guichet.person(v);
            j.entries := ARRAY[wanted];
        ELSE
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    j.event := 'access-log.proof';
    j.verdict := v;
    RETURN j;
END $$;
