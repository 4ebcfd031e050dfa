-- counts_as_failure says which refusals of a sign-in delay the next (AA7.a). What
-- is not known here counts. The table in docs/security.md says why, and a test
-- compares it.
CREATE FUNCTION guichet.counts_as_failure(reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN reason NOT IN ('denied', 'embedded',
                          'provider-down', 'provider-slow', 'redirected', 'too-large', 'keys', 'discovery', 'provider-certificate');
END $$;
