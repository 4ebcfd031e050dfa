-- bury_session leaves the tombstone and the trace of a session that is over by
-- itself, once, whoever comes first: he who has its row, and nobody waits for
-- it. Whoever finds it held leaves it to the sweeper; it is no less over.
CREATE FUNCTION guichet.bury_session(wanted uuid, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
    why text;
BEGIN
    SELECT * INTO s FROM guichet.session o WHERE o.id = wanted FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND OR EXISTS (SELECT FROM guichet.session_end e WHERE e.session = wanted) THEN
        RETURN;
    END IF;
    why := guichet.standing_of(s); -- as it is now, with the row in hand
    IF why IS NULL OR why = 'waiting' THEN
        RETURN;
    END IF;
    PERFORM guichet.leave_end(s, guichet.ended_at(s, why), why, ip, request);
END $$;
