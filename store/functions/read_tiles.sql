-- read_tiles returns tiles of the Merkle tree: hashes, which say nothing of
-- anybody.
CREATE FUNCTION guichet.read_tiles(levels smallint[], numbers bigint[]) RETURNS TABLE (level smallint, number bigint, hashes bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF num_nulls(levels, numbers) > 0 OR cardinality(levels) <> cardinality(numbers) OR cardinality(levels) > 4096 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN QUERY SELECT t.level, t.number, t.hashes FROM unnest(levels, numbers) AS w (level, number) JOIN guichet.log_tile t ON t.level = w.level AND t.number = w.number;
END $$;
