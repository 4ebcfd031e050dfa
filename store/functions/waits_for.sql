-- waits_for returns the first entry from a place of the log on that a receiver
-- outside waits for, or NULL. What was left by reading entries for receivers goes
-- with the next other one: by itself it would be sent for ever.
CREATE FUNCTION guichet.waits_for(place bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT t.id FROM guichet.trace t
             WHERE t.id >= guichet.entry_at(place) AND t.id <= (SELECT s.entry FROM guichet.log_state s) AND t.role IS DISTINCT FROM 'courier'
             ORDER BY t.id LIMIT 1);
END $$;
