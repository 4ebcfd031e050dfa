-- log_state returns how far the log has come. It says nothing of anybody.
CREATE FUNCTION guichet.log_state() RETURNS TABLE (size bigint, entry bigint, checkpoint bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.size, s.entry, s.checkpoint FROM guichet.log_state s;
END $$;
