-- accesses returns the events that a person's access log is made of (CNIL-3.4-3).
CREATE FUNCTION guichet.accesses() RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY['home.read', 'report.list', 'report.read', 'document.read', 'trend.read', 'access-log.read', 'access-log.proof', 'access.report', 'report.deposit'];
END $$;
