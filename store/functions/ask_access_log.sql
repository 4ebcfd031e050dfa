-- ask_access_log leaves the entry of what judge_access_log says, and returns its id.
CREATE FUNCTION guichet.ask_access_log(token bytea, ip inet[], request uuid, before bigint, most integer, others boolean, act text, since timestamptz, months boolean)
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(before, most, others, act, months) > 0 OR before < 0 OR most NOT BETWEEN 1 AND 1000 OR guichet.accesses(act) IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN guichet.leave_judgement(guichet.judge_access_log(token, before, most, others, act, since, months), ip, request);
END $$;
