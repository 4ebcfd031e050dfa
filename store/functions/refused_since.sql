-- refused_since returns the latest sign-in of an account that was refused after
-- one that was not, or NULL (AA9).
CREATE FUNCTION guichet.refused_since(wanted uuid, last bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT max(t.id) FROM guichet.trace t WHERE t.account = wanted AND t.type = 'sign-in' AND t.outcome = 'refused' AND t.id > last);
END $$;
