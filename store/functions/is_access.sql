-- is_access says whether an entry is a line of a patient's access log.
CREATE FUNCTION guichet.is_access(wanted bigint, subject uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    events text[] := guichet.accesses('');
BEGIN
    RETURN EXISTS (SELECT FROM guichet.trace t WHERE t.id = wanted AND t.patient = subject AND t.type = ANY (events));
END $$;
