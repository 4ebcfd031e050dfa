-- ask_access_log asks for the accesses to one's own record before an entry,
-- the latest 50 of them (CNIL-3.4-3), and the heads of the reports they are
-- about. 0 means from the latest.
CREATE FUNCTION guichet.ask_access_log(token bytea, ip inet, request uuid, before bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    heads guichet.manifest;
    shown bigint[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF before IS NULL OR before < 0 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        SELECT array_agg(l.id ORDER BY l.id DESC) INTO shown
          FROM (SELECT t.id
                  FROM guichet.trace t
                 WHERE t.patient = v.patient AND (before = 0 OR t.id < before)
                   AND t.type IN ('home.read', 'report.list', 'report.read', 'document.read', 'access-log.read', 'report.deposit')
                 ORDER BY t.id DESC
                 LIMIT 50) l;
        heads := guichet.heads_in(shown, v.patient);
        m := ROW(m.kinds || heads.kinds, m.records || heads.records, m.versions || heads.versions);
        IF heads.records IS NOT NULL AND NOT guichet.intact(heads) THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        END IF;
        PERFORM guichet.touch(v.session, v.seen);
    END IF;
    RETURN guichet.leave_trace('access-log.read', v, m, shown, NULL, ip, request);
END $$;
