-- judge_reports decides on, and names, the heads of the reports of one's own
-- record.
CREATE FUNCTION guichet.judge_reports(token bytea) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    whole boolean := true;
BEGIN
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        SELECT (r.named).kinds, (r.named).records, (r.named).versions, r.whole INTO heads.kinds, heads.records, heads.versions, whole FROM guichet.reports_of(v.patient) r;
        m.kinds := m.kinds || heads.kinds;
        m.records := m.records || heads.records;
        m.versions := m.versions || heads.versions;
        IF NOT whole THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        END IF;
    END IF;
    j.event := 'report.list';
    j.verdict := v;
    j.named := m;
    j.entries := '{}';
    RETURN j;
END $$;
