-- intact says whether the heads named are stored in just that version: a row
-- taken away, or an older one put back whole, is found here (architecture 2.3).
CREATE FUNCTION guichet.intact(named guichet.manifest) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN named.records IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(named.kinds, named.records, named.versions) AS n (kind, id, version)
         WHERE n.kind <> 'report' OR NOT EXISTS (SELECT FROM guichet.report r WHERE r.id = n.id AND r.version = n.version));
END $$;
