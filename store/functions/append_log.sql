-- append_log gives places to the entries up to last: what next_entries returned,
-- in one step with the tiles and the checkpoint that prove it. Who appends to a
-- log that is not the one they went on from changes nothing: two sequencers
-- cannot both go on. A tile only grows.
CREATE FUNCTION guichet.append_log(size_before bigint, past bigint, size bigint, last bigint, gap_first bigint[], gap_last bigint[],
                                   levels smallint[], numbers bigint[], tiles bytea[], checkpoint bytea) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    now_ timestamptz := guichet.clock();
    missing bigint;
    grown integer;
BEGIN
    PERFORM guichet.check_settings();
    IF num_nulls(size_before, past, size, last, gap_first, gap_last, levels, numbers, tiles, checkpoint) > 0 OR size <= size_before OR octet_length(checkpoint) > 4096
       OR cardinality(gap_last) <> cardinality(gap_first) OR cardinality(numbers) <> cardinality(levels) OR cardinality(tiles) <> cardinality(levels) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    UPDATE guichet.log_state s SET size = append_log.size, entry = last, checkpoint = append_log.checkpoint WHERE s.size = size_before AND s.entry = past;
    IF NOT FOUND THEN
        RAISE 'try again' USING ERRCODE = 'GU004';
    END IF;
    SELECT coalesce(max(g.missing), 0) INTO missing FROM guichet.log_gap g WHERE g.first = (SELECT max(h.first) FROM guichet.log_gap h);
    INSERT INTO guichet.log_gap (first, last, missing, place)
    SELECT n.first, n.last, missing + n.so_far, n.last - missing - n.so_far
      FROM (SELECT g.first, g.last, (sum(g.last - g.first + 1) OVER (ORDER BY g.first))::bigint AS so_far FROM unnest(gap_first, gap_last) AS g (first, last)) n;
    SELECT coalesce(max(g.missing), 0) INTO missing FROM guichet.log_gap g WHERE g.first = (SELECT max(h.first) FROM guichet.log_gap h);
    IF size + missing <> last THEN
        RAISE 'bad request' USING ERRCODE = '22023'; -- as many places as entries
    END IF;
    INSERT INTO guichet.log_tile AS old (level, number, hashes) SELECT n.level, n.number, n.hashes FROM unnest(levels, numbers, tiles) AS n (level, number, hashes)
        ON CONFLICT ON CONSTRAINT log_tile_pkey DO UPDATE SET hashes = excluded.hashes WHERE substr(excluded.hashes, 1, octet_length(old.hashes)) = old.hashes;
    GET DIAGNOSTICS grown = ROW_COUNT;
    IF grown <> cardinality(levels) THEN
        RAISE 'a tile was altered' USING ERRCODE = 'GU003';
    END IF;
    IF NOT EXISTS (SELECT FROM guichet.log_checkpoint c WHERE c.at >= date_trunc('minute', now_)) THEN
        INSERT INTO guichet.log_checkpoint (size, at, checkpoint) VALUES (size, now_, checkpoint);
    END IF;
END $$;
