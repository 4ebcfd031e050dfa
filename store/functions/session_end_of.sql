-- session_end_of says why a session is over, or NULL while it lives.
CREATE FUNCTION guichet.session_end_of(s guichet.session) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    why text;
    now_ timestamptz := guichet.clock();
BEGIN
    SELECT e.reason INTO why FROM guichet.session_end e WHERE e.session = s.id ORDER BY e.at LIMIT 1;
    IF FOUND THEN
        RETURN why;
    END IF;
    IF now_ >= s.expires THEN
        RETURN 'expired'; -- AA13.a
    END IF;
    IF now_ >= s.seen + s.idle THEN
        RETURN 'idle'; -- DT9
    END IF;
    IF now_ < s.opened THEN
        RETURN 'expired'; -- the clock went back: refuse rather than lengthen
    END IF;
    RETURN NULL;
END $$;
