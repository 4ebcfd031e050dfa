-- leave_event leaves the entry of a service that opened or closed (TR1.b).
CREATE FUNCTION guichet.leave_event(ip inet[], request uuid, type text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
BEGIN
    IF num_nulls(ip[1], request, type) > 0 OR type NOT IN ('service.start', 'service.stop') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v.outcome := 'granted';
    v.reason := 'operator';
    RETURN guichet.leave_trace(type, v, NULL, '{}', NULL, ip, request);
END $$;
