-- revoke_code ends a code that was not used, as when a letter went astray.
CREATE FUNCTION guichet.revoke_code(token bytea, ip inet[], request uuid, wanted uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    made bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        SELECT c.patient INTO v.patient FROM guichet.activation_code c
         WHERE c.id = wanted AND NOT EXISTS (SELECT FROM guichet.activation_code_end e WHERE e.code = c.id);
        IF v.patient IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    made := guichet.leave_trace('code.revoke', v, ROW(ARRAY['code'], ARRAY[wanted], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]), '{}', NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.activation_code_end (code, at, reason, entry) VALUES (wanted, guichet.clock(), 'revoked', made);
    END IF;
    RETURN made;
END $$;
