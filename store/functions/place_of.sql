-- place_of returns the place of an entry in the log, or NULL where it has none
-- (yet).
CREATE FUNCTION guichet.place_of(wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    g guichet.log_gap;
BEGIN
    IF wanted < 1 OR wanted > (SELECT s.entry FROM guichet.log_state s) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO g FROM guichet.log_gap x WHERE x.first <= wanted ORDER BY x.first DESC LIMIT 1;
    RETURN CASE WHEN wanted <= g.last THEN NULL ELSE wanted - 1 - coalesce(g.missing, 0) END;
END $$;
