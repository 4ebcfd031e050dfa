-- judge_access_log decides on, and names, the accesses to one's own record
-- before an entry, the latest of them (CNIL-3.4-3), and the heads of the reports
-- they are about. 0 means from the latest. The list is of others' accesses alone
-- where it says so, of one kind of act (accesses), and since a time where there is
-- one. It is named too how many accesses that leaves in, and, where it is wanted,
-- that all of them are counted by months and by who acted (CNIL-4.3-18).
CREATE FUNCTION guichet.judge_access_log(token bytea, before bigint, most integer, others boolean, act text, since timestamptz, months boolean) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    shown bigint[];
    total integer;
    events text[] := guichet.accesses(act);
BEGIN
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        WITH left_in AS MATERIALIZED (
            SELECT t.id FROM guichet.trace t
             WHERE t.patient = v.patient AND t.type = ANY (events)
               AND (NOT judge_access_log.others OR t.account IS DISTINCT FROM v.account)
               AND (judge_access_log.since IS NULL OR t.at >= judge_access_log.since))
        SELECT (SELECT count(*) FROM left_in),
               (SELECT array_agg(l.id ORDER BY l.id DESC)
                  FROM (SELECT x.id FROM left_in x WHERE judge_access_log.before = 0 OR x.id < judge_access_log.before ORDER BY x.id DESC LIMIT most) l)
          INTO total, shown;
        heads := guichet.heads_in(shown, v.patient);
        m := ROW(m.kinds || 'access-count'::text || heads.kinds, m.records || v.patient || heads.records, m.versions || total || heads.versions);
        IF months THEN
            m := ROW(m.kinds || 'access-months'::text, m.records || v.patient, m.versions || 1);
        END IF;
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
