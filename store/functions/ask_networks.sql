-- ask_networks asks from which networks nobody may sign in now, the latest 200
-- (AA7.g). An address is somebody's: it is handed over as all that is (L4).
CREATE FUNCTION guichet.ask_networks(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    v := guichet.decide(token, 'setting', NULL);
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        SELECT m.kinds || coalesce(array_agg('network'::text), '{}'), m.records || coalesce(array_agg(l.id), '{}'), m.versions || coalesce(array_agg(1), '{}')
          INTO m
          FROM (SELECT b.id FROM guichet.blocked_network b
                 WHERE b.at <= now_ AND b.until > now_
                   AND NOT EXISTS (SELECT FROM guichet.blocked_network x WHERE x.network = b.network AND x.entry > b.entry)
                 ORDER BY b.entry DESC LIMIT 200) l;
    END IF;
    RETURN guichet.leave_trace('network.list', v, m, '{}', NULL, ip, request);
END $$;
