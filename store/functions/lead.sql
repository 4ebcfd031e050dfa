-- lead says whether the caller's connection is the one that sequences, from now
-- until it ends.
CREATE FUNCTION guichet.lead() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_try_advisory_lock(7452456374213927938);
END $$;
