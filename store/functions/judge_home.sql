-- judge_home decides on, and names, a person's first page: who they are, their
-- last sign-in (AA9) and the heads of their reports.
CREATE FUNCTION guichet.judge_home(token bytea) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    whole boolean := true;
    previous bigint;
    own uuid;
BEGIN
    own := guichet.own_patient(token);
    v := guichet.decide(token, CASE WHEN own IS NULL THEN 'account' ELSE 'read' END, own);
    IF v.outcome = 'granted' THEN
        SELECT s.previous INTO previous FROM guichet.session s WHERE s.id = v.session;
        m := guichet.person(v);
        IF own IS NOT NULL THEN
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
    j.entries := CASE WHEN previous IS NULL THEN '{}' ELSE ARRAY[previous] END;
    RETURN j;
END $$;
