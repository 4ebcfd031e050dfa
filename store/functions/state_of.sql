-- state_of returns the state of an account (GA4.a): active, suspended, blocked,
-- closed; or unused, where it is active and was not used for longer than the
-- hospital allows (GA4.c): signing in suspends it then.
CREATE FUNCTION guichet.state_of(wanted uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    latest guichet.account_state;
    unused text := guichet.setting_of('account.unused');
    used timestamptz;
BEGIN
    SELECT * INTO latest FROM guichet.account_state c WHERE c.account = wanted ORDER BY c.entry DESC LIMIT 1;
    IF latest.state <> 'active' THEN
        RETURN latest.state;
    END IF;
    IF unused <> '0' THEN
        SELECT t.at INTO used FROM guichet.trace t WHERE t.account = wanted AND t.type = 'sign-in' AND t.outcome = 'granted' ORDER BY t.id DESC LIMIT 1;
        IF greatest(used, latest.at, (SELECT a.opened FROM guichet.account a WHERE a.id = wanted)) < guichet.clock() - unused::interval THEN
            RETURN 'unused';
        END IF;
    END IF;
    RETURN 'active';
END $$;
