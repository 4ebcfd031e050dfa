-- ask_affected asks whom an incident concerns, and how to reach them: users and
-- patients whom the entries of a window of time name (GA5.a, GA5.b). The window
-- may be narrowed, each way by NULL for any, to addresses or networks, accounts,
-- sessions, a patient and a report.
CREATE FUNCTION guichet.ask_affected(token bytea, ip inet[], request uuid, since timestamptz, until timestamptz,
                                     addresses inet[], accounts uuid[], sessions uuid[], identifier bytea, report uuid) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    found_ bigint[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(since, until) > 0 OR until <= since OR until > since + interval '31 days'
       OR greatest(cardinality(addresses), cardinality(accounts), cardinality(sessions)) > 500 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' AND identifier IS NOT NULL THEN
        SELECT i.patient INTO v.patient FROM guichet.patient_index i WHERE i.field = 'identifier' AND i.value = identifier;
        IF v.patient IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    IF v.outcome = 'granted' THEN
        SELECT array_agg(x.id ORDER BY x.id) INTO found_
          FROM (SELECT t.id FROM guichet.trace t
                 WHERE t.at >= since AND t.at < until
                   AND (addresses IS NULL OR t.ip <<= ANY (addresses))
                   AND (accounts IS NULL OR t.account = ANY (accounts))
                   AND (sessions IS NULL OR t.session = ANY (sessions))
                   AND (v.patient IS NULL OR t.patient = v.patient OR v.patient = ANY (t.records))
                   AND (ask_affected.report IS NULL OR ask_affected.report = ANY (t.records))
                 LIMIT 20001) x;
        WITH people AS (SELECT DISTINCT p.kind, p.id FROM guichet.people_in(found_) p),
             named AS (
            SELECT p.kind, p.id, guichet.account_version_of(p.id) AS version FROM people p WHERE p.kind = 'account'
            UNION ALL SELECT p.kind, p.id, x.version FROM people p JOIN guichet.patient x ON x.id = p.id WHERE p.kind = 'patient'
            UNION ALL SELECT 'contact', c.id, 1 FROM people p CROSS JOIN unnest(ARRAY['mail', 'phone', 'address']) AS w (way)
                       CROSS JOIN LATERAL (SELECT l.id FROM guichet.contact l WHERE l.patient = p.id AND l.way = w.way ORDER BY l.entry DESC LIMIT 1) c
                       WHERE p.kind = 'patient')
        SELECT array_agg(n.kind), array_agg(n.id), array_agg(n.version) INTO m FROM named n;
        -- Whom nobody is told of would not be informed: no list is cut short.
        IF cardinality(found_) > 20000 OR cardinality(array_positions(m.kinds, 'account')) + cardinality(array_positions(m.kinds, 'patient')) > 5000 THEN
            v.outcome := 'refused';
            v.reason := 'too-many';
            m := NULL;
            found_ := NULL;
        END IF;
    END IF;
    RETURN guichet.leave_trace('affected.read', v, m, found_, NULL, ip, request);
END $$;
