-- ask_access_log leaves the entry of what judge_access_log says, and returns its id.
CREATE FUNCTION guichet.ask_access_log(token bytea, ip inet[], request uuid, before bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF before IS NULL OR before < 0 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN guichet.leave_judgement(guichet.judge_access_log(token, before), ip, request);
END $$;
