-- refuse_feed leaves the entry of a system that was not let in: it is not the
-- registered one, or its certificate does not hold (GA2.a, AA3.a).
CREATE FUNCTION guichet.refuse_feed(ip inet[], request uuid, reason text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
BEGIN
    IF num_nulls(ip[1], request, reason) > 0 OR reason NOT IN ('unregistered', 'certificate') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v.outcome := 'refused';
    v.reason := reason;
    RETURN guichet.leave_trace('feed.open', v, NULL, '{}', NULL, ip, request);
END $$;
