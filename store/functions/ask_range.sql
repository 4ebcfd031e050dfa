-- ask_range asks for the entries at places of the log from first up to, not
-- including, past: for the trace officer, or to send them to a receiver outside.
-- The entry names the first and the last of them, and stands for all between.
CREATE FUNCTION guichet.ask_range(token bytea, ip inet[], request uuid, first bigint, past bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    range_ bigint[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(first, past) > 0 OR first < 0 OR past <= first OR past > first + 20000 OR past > (SELECT s.size FROM guichet.log_state s) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'range', NULL);
    IF v.outcome = 'granted' THEN
        range_ := ARRAY[guichet.entry_at(first), guichet.entry_at(past - 1)];
    END IF;
    RETURN guichet.leave_trace('trace.range', v, NULL, range_, NULL, ip, request);
END $$;
