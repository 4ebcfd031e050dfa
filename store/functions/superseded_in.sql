-- superseded_in names the results of a report that a later version of it took
-- the place of: people may have read them. Which result each stood for is
-- sealed: the caller pairs them.
CREATE FUNCTION guichet.superseded_in(wanted uuid, named guichet.manifest) RETURNS guichet.manifest LANGUAGE plpgsql AS $$
DECLARE
    m guichet.manifest;
BEGIN
    IF named.versions[1] > 1 THEN
        SELECT array_agg('superseded'::text), array_agg(o.id), array_agg(o.version)
          INTO m
          FROM (SELECT s.id, s.version FROM guichet.observation s
                 WHERE s.report = wanted AND s.id <> ALL (named.records)
                 ORDER BY s.id DESC LIMIT 500) o;
    END IF;
    RETURN m;
END $$;
