-- standing_of says how a session stands, as session_end_of does, with what it
-- takes for that; decide has the same in its own query, since it runs twice a
-- page. Two ends more are found here, and hold everywhere once their tombstone
-- is there: in mode refuse, a browser that had given signs and stopped makes
-- way for one that waits (AA8.c); and a person who is no longer the account's.
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
    s.expires := least(coalesce(s.expires, s.opened + l.lifetime), s.until);
    why := guichet.session_end_of(s, tombstone, holder);
    IF why IS NULL AND l.mode = 'refuse' AND greatest(s.present, s.seen) + l.presence < now_ AND s.present IS NOT NULL
       AND EXISTS (SELECT FROM guichet.session w
                    WHERE w.account = s.account AND w.watched AND w.expires IS NULL AND w.id <> s.id AND w.seen + l.idle > now_
                      AND NOT EXISTS (SELECT FROM guichet.session_turn t WHERE t.session = w.id)
                      AND NOT EXISTS (SELECT FROM guichet.session_end e WHERE e.session = w.id)) THEN
        RETURN 'presence';
    END IF;
    IF why IS NULL AND s.person IS NOT NULL AND NOT EXISTS (SELECT FROM guichet.identity i WHERE i.subject = s.person AND i.account = s.account) THEN
        RETURN 'identity'; -- who signed in is no longer whom the account belongs to
    END IF;
    RETURN why;
END $$;
