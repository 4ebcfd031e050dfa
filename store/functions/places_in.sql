-- places_in returns the places of the log that hold the entries of a window of
-- time: the first, and the one after the last.
CREATE FUNCTION guichet.places_in(since timestamptz, until timestamptz) RETURNS TABLE (first bigint, past bigint) LANGUAGE plpgsql AS $$
DECLARE
    size bigint := (SELECT s.size FROM guichet.log_state s);
BEGIN
    RETURN QUERY SELECT coalesce(guichet.place_of(min(t.id)), size), coalesce(guichet.place_of(max(t.id)) + 1, size) FROM guichet.trace t
     WHERE t.at >= since AND t.at < until AND t.id <= (SELECT s.entry FROM guichet.log_state s);
END $$;
