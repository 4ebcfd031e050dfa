-- purged_in returns how many of the entries at places of the log from first up to,
-- not including, past lost their content when their time was over.
CREATE FUNCTION guichet.purged_in(first bigint, past bigint) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    IF num_nulls(first, past) > 0 OR first < 0 OR past > first + 20000 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN (SELECT count(*) FROM guichet.log_purge p CROSS JOIN LATERAL generate_series(0, octet_length(p.purged) * 8 - 1) b
             WHERE p.first > first - 256 AND p.first < past AND p.first + b >= first AND p.first + b < past AND get_bit(p.purged, b) = 1);
END $$;
