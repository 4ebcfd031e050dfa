-- time_left says how a session stands, by the clock of the database: why it
-- is over, or when it will be, for want of use and whatever is done (AA13). It
-- names nobody, writes nothing, and is no use of the session.
CREATE FUNCTION guichet.time_left(wanted uuid)
RETURNS TABLE (state text, at timestamptz, idle_at timestamptz, ends_at timestamptz, idle integer) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s guichet.session;
    l guichet.session_limit;
BEGIN
    SELECT * INTO s FROM guichet.session o WHERE o.id = wanted;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO l FROM guichet.session_limit;
    RETURN QUERY SELECT coalesce(guichet.standing_of(s), 'live'), guichet.clock(), s.seen + coalesce(s.idle, l.idle), least(coalesce(s.expires, s.opened + l.lifetime), s.until),
        extract(epoch FROM coalesce(s.idle, l.idle))::integer;
END $$;
