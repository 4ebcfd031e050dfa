-- judge_proof decides on one line of one's own access log, to be handed over as
-- the log shows it, and in the bytes that are proved.
CREATE FUNCTION guichet.judge_proof(token bytea, wanted bigint) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
BEGIN
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        IF guichet.is_access(wanted, v.patient) THEN
            m := guichet.person(v);
            heads := guichet.heads_in(ARRAY[wanted], v.patient);
            j.named := ROW(m.kinds || heads.kinds, m.records || heads.records, m.versions || heads.versions);
            j.entries := ARRAY[wanted];
            IF heads.records IS NOT NULL AND NOT guichet.intact(heads) THEN
                v.outcome := 'failed';
                v.reason := 'altered';
            END IF;
        ELSE
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    j.event := 'access-log.proof';
    j.verdict := v;
    RETURN j;
END $$;
