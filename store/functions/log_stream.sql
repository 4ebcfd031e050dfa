-- log_stream returns the places of the log that a receiver outside waits for: the
-- first, and the one after the last, which is the same where there are none, or
-- none but what was left by reading for receivers.
CREATE FUNCTION guichet.log_stream(name text) RETURNS TABLE (first bigint, past bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    size bigint := (SELECT s.size FROM guichet.log_state s);
BEGIN
    RETURN QUERY SELECT o.place, CASE WHEN o.place < size AND guichet.waits_for(o.place) IS NOT NULL THEN size ELSE o.place END
      FROM guichet.log_stream o WHERE o.name = log_stream.name;
END $$;
