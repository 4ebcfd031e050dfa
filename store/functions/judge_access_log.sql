-- judge_access_log decides on, and names, the accesses to one's own record
-- before an entry, the latest 50 of them (CNIL-3.4-3), and the heads of the
-- reports they are about. 0 means from the latest.
CREATE FUNCTION guichet.judge_access_log(token bytea, before bigint) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    shown bigint[];
    accesses text[] := guichet.accesses();
BEGIN
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        SELECT array_agg(l.id ORDER BY l.id DESC) INTO shown
          FROM (SELECT t.id
                  FROM guichet.trace t
                 WHERE t.patient = v.patient AND (judge_access_log.before = 0 OR t.id < judge_access_log.before)
                   AND t.type = ANY (accesses)
                 ORDER BY t.id DESC
                 LIMIT 50) l;
        heads := guichet.heads_in(shown, v.patient);
        m := ROW(m.kinds || heads.kinds, m.records || heads.records, m.versions || heads.versions);
        IF heads.records IS NOT NULL AND NOT guichet.intact(heads) THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        END IF;
    END IF;
    j.event := 'access-log.read';
    j.verdict := v;
    j.named := m;
    j.entries := shown;
    RETURN j;
END $$;
