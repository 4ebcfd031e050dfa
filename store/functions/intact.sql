-- intact says whether everything named is stored in just that version: a row
-- taken away, or an older one put back whole, is found here (architecture 2.3).
CREATE FUNCTION guichet.intact(named guichet.manifest) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN named.records IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(named.kinds, named.records, named.versions) AS n (kind, id, version)
         WHERE NOT CASE n.kind
            WHEN 'report' THEN EXISTS (SELECT FROM guichet.report r WHERE r.id = n.id AND r.version = n.version)
            WHEN 'panel' THEN EXISTS (SELECT FROM guichet.panel p WHERE p.id = n.id AND p.version = n.version)
            WHEN 'observation' THEN EXISTS (SELECT FROM guichet.observation o WHERE o.id = n.id AND o.version = n.version)
            WHEN 'document' THEN EXISTS (SELECT FROM guichet.document d WHERE d.id = n.id AND d.version = n.version)
            WHEN 'message' THEN EXISTS (SELECT FROM guichet.message m WHERE m.id = n.id AND m.version = n.version)
            WHEN 'patient' THEN EXISTS (SELECT FROM guichet.patient p WHERE p.id = n.id AND p.version = n.version)
            ELSE false
         END);
END $$;
