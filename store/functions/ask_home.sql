-- ask_home leaves the entry of what judge_home says, and returns its id.
CREATE FUNCTION guichet.ask_home(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    RETURN guichet.leave_judgement(guichet.judge_home(token), ip, request);
END $$;
