-- match_patient returns the records whose five strict traits are these: NULL for
-- none, and two where there are more than one (G-2.1-1.a).
CREATE FUNCTION guichet.match_patient(traits bytea) RETURNS uuid[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT array_agg(x.patient)
              FROM (SELECT DISTINCT p.patient FROM guichet.patient_index p WHERE p.field = 'strict' AND p.value = traits LIMIT 2) x);
END $$;
