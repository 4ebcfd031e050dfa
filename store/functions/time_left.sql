-- time_left says how a session stands, by the clock of the database: why it
-- is over, or when it will be, for want of use and whatever is done (AA13). It
-- names nobody, writes nothing, and is no use of the session.
CREATE FUNCTION guichet.time_left(wanted uuid)
RETURNS TABLE (state text, at timestamptz, idle_at timestamptz, ends_at timestamptz, idle integer) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s guichet.session;
    tombstone text;
BEGIN
    SELECT * INTO s FROM guichet.session o WHERE o.id = wanted;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT e.reason INTO tombstone FROM guichet.session_end e WHERE e.session = wanted ORDER BY e.at LIMIT 1;
    RETURN QUERY SELECT coalesce(guichet.session_end_of(s, tombstone), 'live'), guichet.clock(), s.seen + s.idle, s.expires, extract(epoch FROM s.idle)::integer;
END $$;
