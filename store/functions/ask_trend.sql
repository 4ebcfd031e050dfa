-- ask_trend leaves the entry of what judge_trend says, and returns its id.
CREATE FUNCTION guichet.ask_trend(token bytea, ip inet[], request uuid, code bytea) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF code IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN guichet.leave_judgement(guichet.judge_trend(token, code), ip, request);
END $$;
