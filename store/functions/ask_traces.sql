-- ask_traces asks, for the trace officer, for the entries of a window of time
-- that are about a patient: whose record it was, or whose data were named. A list
-- that would be cut short is refused.
CREATE FUNCTION guichet.ask_traces(token bytea, ip inet[], request uuid, since timestamptz, until timestamptz, identifier bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    found_ bigint[];
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(since, until, identifier) > 0 OR until <= since THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'traces', NULL);
    IF v.outcome = 'granted' THEN
        SELECT i.patient INTO v.patient FROM guichet.patient_index i WHERE i.field = 'identifier' AND i.value = identifier;
        IF v.patient IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    IF v.outcome = 'granted' THEN
        SELECT array_agg(x.id ORDER BY x.id) INTO found_
          FROM (SELECT t.id FROM guichet.trace t
                 WHERE t.at >= since AND t.at < until AND (t.patient = v.patient OR v.patient = ANY (t.records)) AND t.id <= (SELECT s.entry FROM guichet.log_state s)
                 LIMIT 20001) x;
        IF cardinality(found_) > 20000 THEN
            v.outcome := 'refused';
            v.reason := 'too-many';
            found_ := NULL;
        END IF;
    END IF;
    RETURN guichet.leave_trace('trace.read', v, NULL, found_, NULL, ip, request);
END $$;
