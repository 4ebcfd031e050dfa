-- previous_of names other results of the analyses of a report: of each, those
-- that came last before it, and those that came first after it, since a
-- correction or an older report may come late. When a sample was taken is
-- sealed: the caller keeps what is earlier.
CREATE FUNCTION guichet.previous_of(wanted uuid, named guichet.manifest, subject uuid) RETURNS guichet.manifest LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
BEGIN
    SELECT array_agg('previous'::text), array_agg(e.id), array_agg(e.version)
      INTO m
      FROM (SELECT earlier.id, earlier.version
              FROM (SELECT o.code, max(o.id::text)::uuid AS id
                      FROM guichet.observation o
                     WHERE o.report = wanted AND o.id = ANY (named.records)
                     GROUP BY o.code
                     LIMIT 100) own
             CROSS JOIN LATERAL (
                   (SELECT p.id, p.version FROM guichet.observation p
                     WHERE p.patient = subject AND p.code = own.code AND p.current AND p.id < own.id AND p.report <> wanted
                     ORDER BY p.id DESC LIMIT 3)
                   UNION ALL
                   (SELECT p.id, p.version FROM guichet.observation p
                     WHERE p.patient = subject AND p.code = own.code AND p.current AND p.id > own.id AND p.report <> wanted
                     ORDER BY p.id LIMIT 2)) earlier) e;
    RETURN m;
END $$;
