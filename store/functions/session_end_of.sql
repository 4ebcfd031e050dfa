-- session_end_of says why a session is over, or NULL while it lives; 'waiting'
-- is no end, and lets nothing through either. Idle and expires of s are those
-- in force; tombstone is what its first end says, if it has one; holder is the
-- session whose turn it is (AA8.a).
CREATE FUNCTION guichet.session_end_of(s guichet.session, tombstone text, holder uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz;
    holds boolean := coalesce(holder = s.id, false);
BEGIN
    IF tombstone IS NOT NULL THEN
        RETURN tombstone;
    END IF;
    IF NOT holds AND EXISTS (SELECT FROM guichet.session_turn t WHERE t.session = s.id) THEN
        RETURN 'replaced'; -- AA8.b
    END IF;
    now_ := guichet.clock();
    IF now_ >= s.expires THEN
        RETURN 'expired'; -- AA13.a
    END IF;
    IF now_ >= s.seen + s.idle THEN
        RETURN 'idle'; -- DT9
    END IF;
    IF now_ < greatest(s.opened, s.seen) - interval '10 seconds' THEN
        RETURN 'expired'; -- the clock went back: refuse rather than lengthen
    END IF;
    IF NOT holds THEN
        RETURN 'waiting';
    END IF;
    RETURN NULL;
END $$;
