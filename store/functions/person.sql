-- person names the account of a verdict and, where the verdict is about a
-- record, the patient: what every page with data begins with.
CREATE FUNCTION guichet.person(v guichet.verdict) RETURNS guichet.manifest LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
BEGIN
    IF v.account IS NOT NULL THEN
        m := ROW(ARRAY['account'], ARRAY[v.account], ARRAY[guichet.account_version_of(v.account)]);
    END IF;
    IF v.patient IS NOT NULL THEN
        SELECT m.kinds || 'patient'::text, m.records || p.id, m.versions || p.version INTO m FROM guichet.patient p WHERE p.id = v.patient;
    END IF;
    RETURN m;
END $$;
