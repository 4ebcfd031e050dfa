-- standing_of says how a session stands, as session_end_of does, with what it
-- takes for that; decide has the same in its own query, since it runs twice a
-- page. In mode refuse, a browser that had given signs and stopped makes way
-- for one that waits (AA8.c): that ends a session only once its tombstone is
-- there.
CREATE FUNCTION guichet.standing_of(s guichet.session) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    l guichet.session_limit;
    tombstone text;
    holder uuid;
    why text;
    now_ timestamptz := guichet.clock();
BEGIN
    SELECT e.reason INTO tombstone FROM guichet.session_end e WHERE e.session = s.id ORDER BY e.at LIMIT 1;
    holder := guichet.holder_of(s);
    SELECT * INTO l FROM guichet.session_limit;
    s.idle := coalesce(s.idle, l.idle);
    s.expires := coalesce(s.expires, s.opened + l.lifetime);
    why := guichet.session_end_of(s, tombstone, holder);
    IF why IS NULL AND l.mode = 'refuse' AND greatest(s.present, s.seen) + l.presence < now_ AND s.present IS NOT NULL
       AND EXISTS (SELECT FROM guichet.session w
                    WHERE w.account = s.account AND w.watched AND w.expires IS NULL AND w.id <> s.id AND w.seen + l.idle > now_
                      AND NOT EXISTS (SELECT FROM guichet.session_turn t WHERE t.session = w.id)
                      AND NOT EXISTS (SELECT FROM guichet.session_end e WHERE e.session = w.id)) THEN
        RETURN 'presence';
    END IF;
    RETURN why;
END $$;
