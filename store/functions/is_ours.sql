-- is_ours says whether a listener's role sends this statement in honest traffic:
-- one SELECT, of which the server may show the beginning only, or what the driver
-- asks whether it is there by. The intake alone begins transactions. Tests of
-- package store keep to both.
CREATE FUNCTION guichet.is_ours(login text, said text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN said ~ '^\s*(SELECT\M[^;]*)?;?\s*$'
        OR login = 'guichet_intake' AND said IN ('BEGIN', 'COMMIT', 'ROLLBACK');
END $$;
