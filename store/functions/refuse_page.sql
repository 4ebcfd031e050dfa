-- refuse_page leaves the entry of something asked for in a session that no route
-- serves (TR1.d).
CREATE FUNCTION guichet.refuse_page(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    v := guichet.decide(token, 'account', NULL);
    v.outcome := 'refused';
    v.reason := 'no-route';
    RETURN guichet.leave_trace('page.refused', v, NULL, '{}', NULL, ip, request);
END $$;
