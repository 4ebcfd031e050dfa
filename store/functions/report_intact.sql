-- report_intact is intact for what a deposit entry names: one look at each table
-- instead of one for each row.
CREATE FUNCTION guichet.report_intact(wanted uuid, named guichet.manifest) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN named.records IS NOT NULL
       AND EXISTS (SELECT FROM guichet.report r WHERE r.id = wanted AND r.version = named.versions[1])
       AND EXISTS (SELECT FROM guichet.message m WHERE m.id = named.records[array_position(named.kinds, 'message')])
       AND (SELECT count(*) FROM guichet.panel p WHERE p.report = wanted AND p.version = 1 AND p.id = ANY (named.records))
           = cardinality(array_positions(named.kinds, 'panel'))
       AND (SELECT count(*) FROM guichet.observation o WHERE o.report = wanted AND o.version = 1 AND o.id = ANY (named.records))
           = cardinality(array_positions(named.kinds, 'observation'))
       AND (SELECT count(*) FROM guichet.document d WHERE d.report = wanted AND d.version = 1 AND d.id = ANY (named.records))
           = cardinality(array_positions(named.kinds, 'document'));
END $$;
