-- deposit_patient stores a message that speaks of a patient and holds no
-- report.
CREATE FUNCTION guichet.deposit_patient(token bytea, ip inet[], request uuid,
                                        subject uuid, patient_sealed bytea, keyset bytea, fields text[], field_values bytea[],
                                        message uuid, message_value bytea, message_sealed bytea,
                                        ways text[], way_ids uuid[], way_values bytea[], way_sealed bytea[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    PERFORM guichet.check_patient(subject, patient_sealed, keyset, fields, field_values, message, message_value, message_sealed);
    v := guichet.decide(token, 'deposit', NULL);
    v.patient := subject;
    IF v.outcome = 'granted' THEN
        PERFORM guichet.store_patient(subject, patient_sealed, keyset, fields, field_values, message, message_value, message_sealed);
        PERFORM guichet.store_contact(v, ways, way_ids, way_values, way_sealed, ip, request);
        v.after := sha256(message_sealed);
        SELECT ARRAY['message', 'patient'], ARRAY[message, p.id], ARRAY[1, p.version] INTO m FROM guichet.patient p WHERE p.id = subject;
    ELSE
        m := ROW(ARRAY['message'], ARRAY[message], ARRAY[0]);
    END IF;
    RETURN guichet.leave_trace('patient.deposit', v, m, '{}', NULL, ip, request);
END $$;
