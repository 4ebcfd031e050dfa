-- session_end_of says why a session is over, or NULL while it lives; tombstone
-- is what its first end says, if it has one.
CREATE FUNCTION guichet.session_end_of(s guichet.session, tombstone text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz;
BEGIN
    IF tombstone IS NOT NULL THEN
        RETURN tombstone;
    END IF;
    now_ := guichet.clock();
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
