-- ended_at says when a session ended that is over: by its tombstone, or by what
-- ended it.
CREATE FUNCTION guichet.ended_at(s guichet.session, why text) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    l guichet.session_limit;
    ended timestamptz;
    now_ timestamptz := guichet.clock();
BEGIN
    SELECT e.at INTO ended FROM guichet.session_end e WHERE e.session = s.id ORDER BY e.at LIMIT 1;
    IF ended IS NOT NULL THEN
        RETURN ended;
    END IF;
    SELECT * INTO l FROM guichet.session_limit;
    CASE why
        WHEN 'replaced' THEN
            SELECT t.at INTO ended FROM guichet.session_turn t WHERE t.turn = (SELECT guichet.turn_after(s));
        WHEN 'expired' THEN
            ended := least(coalesce(s.expires, s.opened + l.lifetime), s.until);
        WHEN 'idle' THEN
            ended := s.seen + coalesce(s.idle, l.idle);
        ELSE
            NULL;
    END CASE;
    RETURN least(ended, now_);
END $$;
