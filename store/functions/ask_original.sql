-- ask_original leaves the entry of what judge_original says, and returns its id.
CREATE FUNCTION guichet.ask_original(token bytea, ip inet[], request uuid, wanted uuid) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN guichet.leave_judgement(guichet.judge_original(token, wanted), ip, request);
END $$;
