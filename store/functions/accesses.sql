-- accesses returns the events that a person's access log is made of (CNIL-3.4-3),
-- where they are about a record: those of one kind of act, or all of them for ''.
-- NULL is for what is no kind.
CREATE FUNCTION guichet.accesses(act text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    reading text[] := ARRAY['home.read', 'report.list', 'report.read', 'document.read', 'trend.read'];
    logging text[] := ARRAY['access-log.read', 'access-log.proof', 'access.report'];
    deposit text[] := ARRAY['report.deposit', 'patient.deposit', 'patient.contact'];
    office text[] := ARRAY['patient.lookup', 'account.list', 'code.make', 'identity.link', 'affected.read', 'trace.read'];
BEGIN
    RETURN CASE act
        WHEN '' THEN reading || logging || deposit || office
        WHEN 'read' THEN reading
        WHEN 'log' THEN logging
        WHEN 'deposit' THEN deposit
        WHEN 'office' THEN office
    END;
END $$;
