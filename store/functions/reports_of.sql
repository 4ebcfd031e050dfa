-- reports_of names the current head of every report of a patient, at most 500,
-- the latest deposited first, and says whether each is stored as its trace has it.
CREATE FUNCTION guichet.reports_of(subject uuid, OUT named guichet.manifest, OUT whole boolean) LANGUAGE plpgsql AS $$
BEGIN
    SELECT array_agg('report'::text ORDER BY d.id DESC), array_agg(d.report ORDER BY d.id DESC), array_agg(d.version ORDER BY d.id DESC)
      INTO named
      FROM (SELECT l.id, l.report, l.version
              FROM (SELECT DISTINCT ON (t.records[1]) t.id, t.records[1] AS report, t.versions[1] AS version
                      FROM guichet.trace t
                     WHERE t.type = 'report.deposit' AND t.patient = subject
                     ORDER BY t.records[1], t.id DESC) l
             ORDER BY l.id DESC
             LIMIT 500) d;
    whole := named.records IS NULL OR guichet.intact(named);
END $$;
