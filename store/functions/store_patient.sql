-- store_patient stores a new patient, adds what a known one is found by, and
-- stores the message that spoke of them.
CREATE FUNCTION guichet.store_patient(subject uuid, patient_sealed bytea, keyset bytea, fields text[], field_values bytea[],
                                      message uuid, message_value bytea, message_sealed bytea) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    IF octet_length(patient_sealed) > 0 THEN
        INSERT INTO guichet.patient (id, version, sealed, keyset, opened) VALUES (subject, 1, patient_sealed, keyset, now_) ON CONFLICT DO NOTHING;
    END IF;
    IF NOT EXISTS (SELECT FROM guichet.patient p WHERE p.id = subject) THEN
        RAISE 'try again' USING ERRCODE = 'GU004'; -- erased since the caller last looked
    END IF;
    INSERT INTO guichet.patient_index (field, value, patient) SELECT f.field, f.value, subject FROM unnest(fields, field_values) AS f (field, value) ON CONFLICT DO NOTHING;
    -- A number that became another patient's meanwhile, or a message that
    -- another connection has just stored: find the patient anew.
    IF (SELECT count(*) FROM unnest(fields, field_values) AS f (field, value)
          JOIN guichet.patient_index p ON p.field = f.field AND p.value = f.value AND p.patient = subject
         WHERE f.field <> 'given') <> (SELECT count(*) FROM unnest(fields) AS f (field) WHERE f.field <> 'given') THEN
        RAISE 'try again' USING ERRCODE = 'GU004';
    END IF;
    INSERT INTO guichet.message (id, version, value, patient, sealed, at) VALUES (message, 1, message_value, subject, message_sealed, now_) ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM guichet.message o -- by an earlier report of the same message
                                  WHERE o.id = message AND o.value = message_value AND o.patient = subject AND o.xmin = pg_current_xact_id()::xid) THEN
        RAISE 'try again' USING ERRCODE = 'GU004';
    END IF;
END $$;
