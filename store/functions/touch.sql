-- touch notes that a session was used, at most every ten seconds, and never
-- waits for whoever holds its row (architecture 5; monitor, section 6).
CREATE FUNCTION guichet.touch(wanted uuid, seen timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    IF seen >= now_ - interval '10 seconds' THEN
        RETURN;
    END IF;
    UPDATE guichet.session SET seen = now_
     WHERE id IN (SELECT s.id FROM guichet.session s WHERE s.id = wanted FOR NO KEY UPDATE SKIP LOCKED);
END $$;
