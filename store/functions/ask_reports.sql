-- ask_reports leaves the entry of what judge_reports says, and returns its id.
CREATE FUNCTION guichet.ask_reports(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.guard(token, ip, request);
    RETURN guichet.leave_judgement(guichet.judge_reports(token), ip, request);
END $$;
