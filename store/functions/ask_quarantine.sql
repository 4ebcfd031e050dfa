-- ask_quarantine asks what lies in quarantine, the latest 200 before a row, or
-- the latest of all where before is the nil UUID.
CREATE FUNCTION guichet.ask_quarantine(token bytea, ip inet[], request uuid, before uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF before IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'quarantine', NULL);
    IF v.outcome = 'granted' THEN
        SELECT array_agg('quarantine-head'::text ORDER BY l.id DESC), array_agg(l.id ORDER BY l.id DESC), array_agg(l.version ORDER BY l.id DESC)
          INTO m
          FROM (SELECT q.id, q.version
                  FROM guichet.quarantine q
                 WHERE (before = '00000000-0000-0000-0000-000000000000' OR q.id < before)
                   AND NOT EXISTS (SELECT FROM guichet.quarantine_end e WHERE e.quarantine = q.id)
                 ORDER BY q.id DESC
                 LIMIT 200) l;
        m := ROW('account'::text || m.kinds, v.account || m.records, guichet.account_version_of(v.account) || m.versions);
    END IF;
    RETURN guichet.leave_trace('quarantine.list', v, m, '{}', NULL, ip, request);
END $$;
