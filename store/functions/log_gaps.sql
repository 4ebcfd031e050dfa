-- log_gaps returns the ids that no entry has, after one of them: a thousand gaps
-- at most.
CREATE FUNCTION guichet.log_gaps(past bigint) RETURNS TABLE (first bigint, last bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT g.first, g.last FROM guichet.log_gap g WHERE g.first > past ORDER BY g.first LIMIT 1000;
END $$;
