-- log_checkpoints returns the checkpoints that were kept, after a size: a
-- thousand at most.
CREATE FUNCTION guichet.log_checkpoints(past bigint) RETURNS TABLE (size bigint, checkpoint bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.size, c.checkpoint FROM guichet.log_checkpoint c WHERE c.size > past ORDER BY c.size LIMIT 1000;
END $$;
