-- advance_stream keeps that a receiver outside has taken the entries at places from
-- first up to, not including, past. It only goes forward, from where it stands: of two
-- who send to one receiver, the second changes nothing.
CREATE FUNCTION guichet.advance_stream(name text, first bigint, past bigint) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM guichet.check_settings();
    IF num_nulls(advance_stream.name, advance_stream.first, advance_stream.past) > 0 OR advance_stream.past <= advance_stream.first
       OR advance_stream.past > (SELECT s.size FROM guichet.log_state s) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    UPDATE guichet.log_stream o SET place = advance_stream.past, moved = guichet.clock() WHERE o.name = advance_stream.name AND o.place = advance_stream.first;
    IF NOT FOUND THEN
        RAISE 'try again' USING ERRCODE = 'GU004';
    END IF;
END $$;
