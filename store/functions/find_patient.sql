-- find_patient asks whose message this is, and for the patient's keyset, with
-- which it is to be sealed. A known number whose traits agree finds the
-- patient; one whose traits disagree is refused (contract, Intake), and so is one
-- of whom another birth place or another INS is known: they decide whose record
-- somebody is let into. A list of given names may grow: the first one known
-- stays, and lets in nobody who does not bear it. A message already deposited is known by its index.
-- fields and field_values are the blind indexes of all it is found by; without
-- a civil one the message lacks a trait.
CREATE FUNCTION guichet.find_patient(token bytea, ip inet[], request uuid, message bytea, fields text[], field_values bytea[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    known uuid[];
    before guichet.manifest;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(message, fields, field_values) > 0 OR cardinality(fields) <> cardinality(field_values) OR cardinality(fields) > 100 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'deposit', NULL);
    IF v.outcome = 'granted' THEN
        SELECT ARRAY['message'], ARRAY[o.id], ARRAY[o.version] INTO before FROM guichet.message o WHERE o.value = message;
        SELECT array_agg(x.patient) INTO known
          FROM (SELECT DISTINCT p.patient
                  FROM unnest(fields, field_values) AS f (field, value) JOIN guichet.patient_index p ON p.field = f.field AND p.value = f.value
                 WHERE f.field = 'identifier' LIMIT 2) x;
        IF before.records IS NOT NULL THEN
            v.reason := 'resend';
            m := before;
        ELSIF cardinality(known) = 2 THEN
            v.outcome := 'refused';
            v.reason := 'several-patients';
        ELSIF known IS NULL THEN
            v.reason := 'new';
        ELSIF 'civil' = ANY (fields) AND NOT EXISTS (
            SELECT FROM unnest(fields, field_values) AS f (field, value) JOIN guichet.patient_index p ON p.field = f.field AND p.value <> f.value
             WHERE f.field NOT IN ('identifier', 'given') AND p.patient = known[1]) THEN
            v.reason := 'known';
            v.patient := known[1];
            SELECT ARRAY['patient'], ARRAY[p.id], ARRAY[p.version] INTO m FROM guichet.patient p WHERE p.id = known[1];
        ELSE
            v.outcome := 'refused';
            v.reason := 'traits-disagree';
            v.patient := known[1];
        END IF;
    END IF;
    RETURN guichet.leave_trace('patient.find', v, m, '{}', NULL, ip, request);
END $$;
