-- ask_quarantined asks for one message in quarantine, as it was received.
CREATE FUNCTION guichet.ask_quarantined(token bytea, ip inet[], request uuid, wanted uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'quarantine', NULL);
    IF v.outcome = 'granted' THEN
        SELECT ARRAY['quarantine'], ARRAY[q.id], ARRAY[q.version] INTO m FROM guichet.quarantine q
         WHERE q.id = wanted AND NOT EXISTS (SELECT FROM guichet.quarantine_end e WHERE e.quarantine = q.id);
        IF NOT FOUND THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    IF v.outcome <> 'granted' THEN
        m := ROW(ARRAY['quarantine'], ARRAY[wanted], ARRAY[0]); -- what was tried (TR1.d)
    END IF;
    RETURN guichet.leave_trace('quarantine.read', v, m, '{}', NULL, ip, request);
END $$;
