-- judge_trend decides on, and names, every result of one analysis in one's own
-- record, as the latest deposit of each report names it, at most the 500
-- deposited last, with the heads of their reports. code is the patient's blind
-- index of the analysis.
CREATE FUNCTION guichet.judge_trend(token bytea, code bytea) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    results guichet.manifest;
    whole boolean;
BEGIN
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        WITH candidate AS (
            SELECT o.id, o.version, o.report FROM guichet.observation o WHERE o.patient = v.patient AND o.code = judge_trend.code AND o.current ORDER BY o.id DESC LIMIT 500
        ), held AS (
            SELECT r.report, guichet.deposited(r.report) AS named FROM (SELECT DISTINCT c.report FROM candidate c) r
        ), result AS (
            SELECT c.id, c.version FROM candidate c JOIN held h ON h.report = c.report AND c.id = ANY ((h.named).records)
        )
        SELECT array_agg(n.kind ORDER BY n.kind DESC, n.id), array_agg(n.id ORDER BY n.kind DESC, n.id), array_agg(n.version ORDER BY n.kind DESC, n.id),
               coalesce((SELECT bool_and(guichet.report_intact(h.report, h.named)) FROM held h), true)
          INTO results.kinds, results.records, results.versions, whole
          FROM (SELECT 'report'::text AS kind, h.report AS id, (h.named).versions[1] AS version FROM held h
                UNION ALL SELECT 'observation', r.id, r.version FROM result r) n;
        IF results.records IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        ELSE
            m := guichet.person(v);
            m := ROW(m.kinds || results.kinds, m.records || results.records, m.versions || results.versions);
        END IF;
        IF NOT whole THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        END IF;
    END IF;
    j.event := 'trend.read';
    j.verdict := v;
    j.named := m;
    j.entries := '{}';
    RETURN j;
END $$;
