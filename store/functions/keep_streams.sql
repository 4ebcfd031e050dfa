-- keep_streams says which receivers outside there are. One that is new begins at the
-- first entry of the log; one that is named no more stands still and rings for
-- nobody, and goes on from there should it be named again.
CREATE FUNCTION guichet.keep_streams(names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.check_settings();
    IF names IS NULL OR array_position(names, NULL) IS NOT NULL OR cardinality(names) > 32 OR EXISTS (SELECT FROM unnest(names) n WHERE n !~ '^[a-z0-9][a-z0-9-]{0,31}$') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    INSERT INTO guichet.log_stream (name, place, moved, watched) SELECT DISTINCT n, 0, guichet.clock(), true FROM unnest(names) n
        ON CONFLICT ON CONSTRAINT log_stream_pkey DO NOTHING;
    -- Who comes back is given its quarter of an hour anew.
    UPDATE guichet.log_stream s SET watched = NOT s.watched, moved = guichet.clock() WHERE s.watched <> (s.name = ANY (names));
END $$;
