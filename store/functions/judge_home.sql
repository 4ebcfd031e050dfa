-- judge_home decides on, and names, a person's first page: who they are, their
-- last sign-in (AA9), who read their record last, and the heads of their reports.
CREATE FUNCTION guichet.judge_home(token bytea) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    whole boolean := true;
    previous bigint;
    refused bigint;
    own uuid;
    latest bigint;
BEGIN
    own := guichet.own_patient(token);
    v := guichet.decide(token, CASE WHEN own IS NULL THEN 'account' ELSE 'read' END, own);
    IF v.outcome = 'granted' THEN
        SELECT s.previous INTO previous FROM guichet.session s WHERE s.id = v.session;
        refused := guichet.refused_since(v.account, previous);
        m := guichet.person(v);
        IF own IS NOT NULL THEN
            -- Who read the record last, before this session; of the last 200 entries.
            SELECT max(l.id) INTO latest
              FROM (SELECT t.id, t.type, t.outcome, t.session FROM guichet.trace t WHERE t.patient = own ORDER BY t.id DESC LIMIT 200) l
             WHERE l.type IN ('report.read', 'document.read', 'trend.read') AND l.outcome = 'granted' AND l.session <> v.session;
            SELECT (r.named).kinds, (r.named).records, (r.named).versions, r.whole INTO heads.kinds, heads.records, heads.versions, whole FROM guichet.reports_of(own) r;
            m.kinds := m.kinds || heads.kinds;
            m.records := m.records || heads.records;
            m.versions := m.versions || heads.versions;
        END IF;
        IF NOT whole THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        END IF;
    END IF;
    j.event := 'home.read';
    j.verdict := v;
    j.named := m;
    j.entries := array_remove(ARRAY[previous, refused, latest], NULL);
    RETURN j;
END $$;
