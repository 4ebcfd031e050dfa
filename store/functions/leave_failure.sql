-- leave_failure leaves the entry of something that was handed over and did not
-- open: it names what the granted entry named (DT4.b).
CREATE FUNCTION guichet.leave_failure(token bytea, ip inet[], request uuid, wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'account', NULL);
    SELECT t.kinds, t.records, t.versions, t.patient, t.grant_id, t.ground
      INTO m.kinds, m.records, m.versions, v.patient, v.grant_id, v.ground
      FROM guichet.trace t WHERE t.id = wanted AND t.session = v.session;
    v.outcome := 'failed';
    v.reason := 'not-opened';
    RETURN guichet.leave_trace('integrity', v, m, ARRAY[wanted], NULL, ip, request);
END $$;
