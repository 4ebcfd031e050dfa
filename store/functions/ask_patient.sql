-- ask_patient asks for the traits of the patient whom a number names, for an
-- operator who is about to hand out a code or to decide on an identity.
CREATE FUNCTION guichet.ask_patient(token bytea, ip inet[], request uuid, identifier bytea) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF identifier IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        SELECT p.id, ARRAY['patient'], ARRAY[p.id], ARRAY[p.version] INTO v.patient, m.kinds, m.records, m.versions
          FROM guichet.patient_index i JOIN guichet.patient p ON p.id = i.patient
         WHERE i.field = 'identifier' AND i.value = identifier;
        IF v.patient IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    RETURN guichet.leave_trace('patient.lookup', v, m, '{}', NULL, ip, request);
END $$;
