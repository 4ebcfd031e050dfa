-- ask_proof leaves the entry of what judge_proof says, and returns its id.
CREATE FUNCTION guichet.ask_proof(token bytea, ip inet[], request uuid, wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    RETURN guichet.leave_judgement(guichet.judge_proof(token, wanted), ip, request);
END $$;
