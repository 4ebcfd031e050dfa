-- ask_evidence asks for the ID tokens of sign-ins at a provider that nobody has
-- checked yet, the oldest fifty.
CREATE FUNCTION guichet.ask_evidence(token bytea, ip inet[], request uuid, provider text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF provider IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'evidence', NULL);
    IF v.outcome = 'granted' THEN
        m.records := guichet.unchecked_evidence(provider, guichet.clock(), 50);
        IF m.records IS NULL THEN
            RETURN NULL; -- nothing to hand over, nothing to trace
        END IF;
        m.kinds := array_fill('evidence'::text, ARRAY[cardinality(m.records)]);
        m.versions := array_fill(1, ARRAY[cardinality(m.records)]);
    END IF;
    RETURN guichet.leave_trace('evidence.read', v, m, '{}', provider, ip, request);
END $$;
