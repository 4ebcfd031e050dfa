-- ask_codes asks for the codes that were made, the latest 200: when, and what
-- became of them.
CREATE FUNCTION guichet.ask_codes(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        SELECT m.kinds || coalesce(array_agg('code'::text ORDER BY l.entry DESC), '{}'), m.records || coalesce(array_agg(l.id ORDER BY l.entry DESC), '{}'),
               m.versions || coalesce(array_agg(1 ORDER BY l.entry DESC), '{}')
          INTO m
          FROM (SELECT c.id, c.entry FROM guichet.activation_code c ORDER BY c.entry DESC LIMIT 200) l;
    END IF;
    RETURN guichet.leave_trace('code.list', v, m, '{}', NULL, ip, request);
END $$;
