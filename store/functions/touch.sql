-- touch notes that a session was used, at most every ten seconds, and never
-- waits for whoever holds its row (architecture 5; monitor, section 6).
CREATE FUNCTION guichet.touch(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    UPDATE guichet.session SET seen = now_
     WHERE id IN (SELECT s.id FROM guichet.session s
                   WHERE s.id = wanted AND s.seen < now_ - interval '10 seconds'
                     FOR NO KEY UPDATE SKIP LOCKED);
END $$;
