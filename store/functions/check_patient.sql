-- check_patient refuses what does not describe a patient and a message.
CREATE FUNCTION guichet.check_patient(subject uuid, patient_sealed bytea, keyset bytea, fields text[], field_values bytea[],
                                      message uuid, message_value bytea, message_sealed bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF num_nulls(subject, patient_sealed, keyset, fields, field_values, message, message_value, message_sealed) > 0
       OR cardinality(fields) <> cardinality(field_values) OR cardinality(fields) > 100
       OR array_position(field_values, NULL) IS NOT NULL OR NOT fields <@ ARRAY['identifier', 'ins', 'strict', 'civil', 'given'] THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
END $$;
