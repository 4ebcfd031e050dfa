-- leave_end ends a session for good: its tombstone (AA8.d), and its trace.
CREATE FUNCTION guichet.leave_end(s guichet.session, at timestamptz, why text, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
BEGIN
    INSERT INTO guichet.session_end (session, at, reason) VALUES (s.id, leave_end.at, why);
    v.outcome := 'granted';
    v.reason := why;
    v.session := s.id;
    v.account := s.account;
    SELECT a.role INTO v.role FROM guichet.account a WHERE a.id = s.account;
    PERFORM guichet.leave_trace(CASE WHEN v.role = 'operator' THEN 'operator.close' WHEN v.role = 'feed' THEN 'feed.close' WHEN v.role = 'witness' THEN 'witness.close' WHEN v.role = 'courier' THEN 'courier.close' WHEN v.role = 'officer' THEN 'officer.close' WHEN why = 'logout' THEN 'sign-out' ELSE 'session.end' END, v, NULL, '{}', NULL, ip, request);
END $$;
