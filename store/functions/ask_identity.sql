-- ask_identity asks for the traits of one person who waits.
CREATE FUNCTION guichet.ask_identity(token bytea, ip inet[], request uuid, reference text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    wanted uuid;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF reference IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        wanted := guichet.waiting_of(reference);
        IF wanted IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        ELSE
            m := ROW(ARRAY['identity'], ARRAY[wanted], ARRAY[1]);
        END IF;
    END IF;
    RETURN guichet.leave_trace('identity.read', v, m, '{}', NULL, ip, request);
END $$;
