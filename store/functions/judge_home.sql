-- judge_home decides on, and names, a person's first page: who they are, their
-- last sign-in (AA9), who else opened their record last, and the heads of their reports.
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
    seen bigint[];
    events text[] := guichet.accesses('read') || guichet.accesses('office');
BEGIN
    own := guichet.own_patient(token);
    v := guichet.decide(token, CASE WHEN own IS NULL THEN 'account' ELSE 'read' END, own);
    IF v.outcome = 'granted' THEN
        SELECT s.previous INTO previous FROM guichet.session s WHERE s.id = v.session;
        refused := guichet.refused_since(v.account, previous);
        m := guichet.person(v);
        IF own IS NOT NULL THEN
            -- Who else opened the record last; of the last 200 entries.
            SELECT array_agg(x.id) INTO seen
              FROM (SELECT l.id
                      FROM (SELECT t.id, t.type, t.outcome, t.account FROM guichet.trace t WHERE t.patient = own ORDER BY t.id DESC LIMIT 200) l
                     WHERE l.type = ANY (events) AND l.outcome = 'granted' AND l.account <> v.account
                     ORDER BY l.id DESC LIMIT 3) x;
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
    j.entries := array_remove(ARRAY[previous, refused] || seen, NULL);
    RETURN j;
END $$;
