-- ask_identities asks which identities wait for a decision, the oldest 200:
-- references, times and reasons.
CREATE FUNCTION guichet.ask_identities(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        SELECT m.kinds || coalesce(array_agg('identity-head'::text ORDER BY l.at, l.id), '{}'), m.records || coalesce(array_agg(l.id ORDER BY l.at, l.id), '{}'),
               m.versions || coalesce(array_agg(1 ORDER BY l.at, l.id), '{}')
          INTO m
          FROM (SELECT w.id, w.at FROM guichet.waiting_identity w
                 WHERE w.expires > guichet.clock() AND NOT EXISTS (SELECT FROM guichet.identity_decision d WHERE d.waiting = w.id)
                 ORDER BY w.at, w.id
                 LIMIT 200) l;
    END IF;
    RETURN guichet.leave_trace('identity.list', v, m, '{}', NULL, ip, request);
END $$;
