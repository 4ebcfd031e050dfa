-- watch_streams tells somebody when entries have waited for a receiver outside for a
-- quarter of an hour, and it has taken none.
CREATE FUNCTION guichet.watch_streams() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o guichet.log_stream;
    waiting bigint;
    before timestamptz := guichet.clock() - interval '15 minutes';
BEGIN
    FOR o IN SELECT * FROM guichet.log_stream s WHERE s.watched AND s.moved < before LOOP
        waiting := guichet.waits_for(o.place);
        IF waiting IS NOT NULL AND (SELECT t.at FROM guichet.trace t WHERE t.id = waiting) < before THEN
            PERFORM guichet.raise_alert('stream-behind', sha256(convert_to('stream-behind ' || o.name, 'UTF8')), waiting);
        END IF;
    END LOOP;
END $$;
