-- ask_account leaves the entry of what judge_account says, and returns its id.
CREATE FUNCTION guichet.ask_account(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    RETURN guichet.leave_judgement(guichet.judge_account(token), ip, request);
END $$;
