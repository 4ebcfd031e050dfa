-- release lets a message leave quarantine, once it was taken in.
CREATE FUNCTION guichet.release(token bytea, ip inet[], request uuid, wanted uuid) RETURNS bigint LANGUAGE plpgsql AS $$
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
        SELECT ARRAY['quarantine'], ARRAY[q.id], ARRAY[q.version] INTO m FROM guichet.quarantine q WHERE q.id = wanted;
        IF FOUND THEN
            INSERT INTO guichet.quarantine_end (quarantine, at, reason) VALUES (wanted, guichet.clock(), 'replayed') ON CONFLICT DO NOTHING;
        ELSE
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    IF v.outcome <> 'granted' THEN
        m := ROW(ARRAY['quarantine'], ARRAY[wanted], ARRAY[0]);
    END IF;
    RETURN guichet.leave_trace('quarantine.release', v, m, '{}', NULL, ip, request);
END $$;
