-- account_version_of returns the version of an account's name and traits that
-- counts.
CREATE FUNCTION guichet.account_version_of(wanted uuid) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce((SELECT max(w.version) FROM guichet.account_version w WHERE w.account = wanted),
                    (SELECT a.version FROM guichet.account a WHERE a.id = wanted));
END $$;
