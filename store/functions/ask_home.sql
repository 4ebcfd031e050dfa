-- ask_home asks for a person's first page: who they are, their last sign-in
-- (AA9) and the heads of their reports.
CREATE FUNCTION guichet.ask_home(token bytea, ip inet, request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    whole boolean := true;
    previous bigint;
    own uuid;
BEGIN
    PERFORM guichet.guard(token, ip, request);
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
        PERFORM guichet.touch(v.session, v.seen);
    END IF;
    RETURN guichet.leave_trace('home.read', v, m, CASE WHEN previous IS NULL THEN '{}' ELSE ARRAY[previous] END, NULL, ip, request);
END $$;
