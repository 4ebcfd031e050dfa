-- report_access is "this access is not right", said of a line of one's own access
-- log: the hospital is alerted, and finds that line in the entry, with why in a word
-- of a closed list. It returns the entry, which a second call of the same account
-- about the same line returns again.
CREATE FUNCTION guichet.report_access(token bytea, ip inet[], request uuid, wanted bigint, why text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    made bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL OR why IS NULL OR why NOT IN ('unknown-person', 'not-understood', 'not-right', 'unsaid') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    PERFORM FROM guichet.session o WHERE o.token = sha256(report_access.token) AND o.listener = session_user FOR NO KEY UPDATE; -- a second click waits
    v := guichet.decide(token, 'read', guichet.own_patient(token));
    IF v.outcome = 'granted' THEN
        PERFORM guichet.touch(v.session, v.seen);
        SELECT r.entry INTO made FROM guichet.access_report r WHERE r.reported = wanted AND r.account = v.account;
        IF made IS NOT NULL THEN
            RETURN made;
        END IF;
        v.reason := why;
        IF NOT guichet.is_access(wanted, v.patient) THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    made := guichet.leave_trace('access.report', v, NULL, CASE v.outcome WHEN 'granted' THEN ARRAY[wanted] END, NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.access_report (reported, account, at, entry) VALUES (wanted, v.account, guichet.clock(), made);
        PERFORM guichet.raise_alert('access-reported', sha256(int8send(wanted)), made);
    END IF;
    RETURN made;
END $$;
