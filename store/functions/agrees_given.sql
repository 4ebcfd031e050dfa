-- agrees_given says whether a record's list of given names, where it has one,
-- is the beginning of a person's: of twins who share the first, one may have no
-- record. given are the blind indexes of each beginning; none: only one is known.
CREATE FUNCTION guichet.agrees_given(subject uuid, given bytea[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN cardinality(given) = 0
        OR NOT EXISTS (SELECT FROM guichet.patient_index p WHERE p.patient = subject AND p.field = 'given' AND NOT p.value = ANY (given));
END $$;
