-- ask_reports asks for the heads of the reports of one's own record.
CREATE FUNCTION guichet.ask_reports(token bytea, ip inet, request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    whole boolean := true;
BEGIN
    PERFORM guichet.guard(token, ip, request);
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
        PERFORM guichet.touch(v.session, v.seen);
    END IF;
    RETURN guichet.leave_trace('report.list', v, m, '{}', NULL, ip, request);
END $$;
