-- watch_log tells somebody when entries wait for their place in the log: its
-- sequencer is stopped, held up, or has found that something was altered.
CREATE FUNCTION guichet.watch_log() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    waiting bigint;
BEGIN
    SELECT t.id INTO waiting FROM guichet.trace t
     WHERE t.id > (SELECT s.entry FROM guichet.log_state s) ORDER BY t.id LIMIT 1;
    IF waiting IS NOT NULL AND (SELECT t.at FROM guichet.trace t WHERE t.id = waiting) < guichet.clock() - interval '1 minute' THEN
        PERFORM guichet.raise_alert('log-behind', sha256('log-behind'), waiting);
    END IF;
END $$;
