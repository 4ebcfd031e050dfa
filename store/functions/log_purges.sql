-- log_purges returns which places lost their content, after a segment of a purge: a
-- thousand at most.
CREATE FUNCTION guichet.log_purges(past bigint, past_first bigint) RETURNS TABLE (entry bigint, first bigint, purged bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT p.entry, p.first, p.purged FROM guichet.log_purge p WHERE (p.entry, p.first) > (past, past_first) ORDER BY p.entry, p.first LIMIT 1000;
END $$;
