-- previous_of names, for each result of a report, the two latest others of the
-- same analysis and patient.
CREATE FUNCTION guichet.previous_of(named guichet.manifest, subject uuid) RETURNS guichet.manifest LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
BEGIN
    SELECT array_agg('previous'::text), array_agg(e.id), array_agg(e.version)
      INTO m
      FROM (SELECT DISTINCT earlier.id, earlier.version
              FROM unnest(named.kinds, named.records) AS n (kind, id)
              JOIN guichet.observation o ON o.id = n.id
             CROSS JOIN LATERAL (
                   SELECT p.id, p.version
                     FROM guichet.observation p
                    WHERE p.patient = subject AND p.code = o.code AND p.current AND p.report <> o.report
                    ORDER BY p.id DESC
                    LIMIT 8) earlier
             WHERE n.kind = 'observation'
             LIMIT 500) e;
    RETURN m;
END $$;
