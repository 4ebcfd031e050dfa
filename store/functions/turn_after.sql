-- turn_after returns the turn that took a session's place, or NULL.
CREATE FUNCTION guichet.turn_after(s guichet.session) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT min(t.turn) FROM guichet.session_turn t
             WHERE t.account = s.account AND t.turn > (SELECT max(o.turn) FROM guichet.session_turn o WHERE o.session = s.id));
END $$;
