-- heads_in names the current heads of a patient's reports that entries speak of
-- one by one.
CREATE FUNCTION guichet.heads_in(entries bigint[], subject uuid) RETURNS guichet.manifest LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
BEGIN
    SELECT array_agg('report'::text), array_agg(r.id), array_agg(r.version)
      INTO m
      FROM (SELECT DISTINCT a.report AS id, ((guichet.deposited(a.report)).versions)[1] AS version
              FROM (SELECT guichet.about(t.type, t.kinds, t.records) AS report
                      FROM guichet.trace t
                     WHERE t.id = ANY (heads_in.entries) AND t.patient = subject AND t.outcome = 'granted') a
             WHERE a.report IS NOT NULL) r
     WHERE r.version IS NOT NULL;
    RETURN m;
END $$;
