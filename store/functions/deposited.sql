-- deposited returns what the latest deposit of a report named: the trace, not
-- the tables, says what the report is made of.
CREATE FUNCTION guichet.deposited(wanted uuid) RETURNS guichet.manifest LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
BEGIN
    SELECT t.kinds, t.records, t.versions INTO m
      FROM guichet.trace t
     WHERE t.type = 'report.deposit' AND t.records[1] = wanted
     ORDER BY t.id DESC
     LIMIT 1;
    RETURN m;
END $$;
