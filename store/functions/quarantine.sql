-- quarantine keeps a message that was refused, with the reason, a word of the
-- program's own list; the same message is kept once.
CREATE FUNCTION guichet.quarantine(token bytea, ip inet[], request uuid, message uuid, message_value bytea, reason text, sealed bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(message, message_value, reason, sealed) > 0 OR reason !~ '^[a-z0-9-]{1,64}$' THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'deposit', NULL);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.quarantine (id, version, value, reason, sealed, at)
        VALUES (message, 2, message_value, quarantine.reason, quarantine.sealed, guichet.clock()) ON CONFLICT DO NOTHING;
        SELECT ARRAY['quarantine'], ARRAY[q.id], ARRAY[q.version] INTO m FROM guichet.quarantine q WHERE q.value = message_value;
        v.outcome := 'refused';
        v.reason := reason;
    END IF;
    RETURN guichet.leave_trace('message.quarantine', v, m, '{}', NULL, ip, request);
END $$;
