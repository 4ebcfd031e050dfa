-- reviewed_at returns when somebody last looked whether an account is rightly
-- there: each state that an operator chose for it is a review; opening it, too
-- (GA4.e).
CREATE FUNCTION guichet.reviewed_at(wanted uuid) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    RETURN greatest((SELECT a.opened FROM guichet.account a WHERE a.id = wanted),
                    (SELECT max(c.at) FROM guichet.account_state c WHERE c.account = wanted AND c.reason NOT IN ('unused', 'unreviewed', 'holder')));
END $$;
