-- state_of returns the state of an account (GA4.a): active, suspended, blocked,
-- closed; or, where it is active, unused or unreviewed for longer than the
-- hospital allows its population (GA4.c, GA4.e, GA4.f): signing in suspends it
-- then.
CREATE FUNCTION guichet.state_of(wanted uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    latest guichet.account_state;
    a guichet.account;
    population text;
    unused text;
    used timestamptz;
BEGIN
    SELECT * INTO latest FROM guichet.account_state c WHERE c.account = wanted ORDER BY c.entry DESC LIMIT 1;
    IF latest.state <> 'active' THEN
        RETURN latest.state;
    END IF;
    SELECT * INTO a FROM guichet.account o WHERE o.id = wanted;
    IF a.role NOT IN ('patient', 'physician', 'nurse', 'professional') THEN
        RETURN 'active';
    END IF;
    population := CASE a.role WHEN 'patient' THEN 'patient' ELSE 'professional' END;
    unused := guichet.setting_of('account.unused.' || population);
    IF unused <> '0' THEN
        SELECT t.at INTO used FROM guichet.trace t WHERE t.account = wanted AND t.type = 'sign-in' AND t.outcome = 'granted' ORDER BY t.id DESC LIMIT 1;
        IF greatest(used, CASE WHEN latest.reason <> 'kept' THEN latest.at END, a.opened) < guichet.clock() - unused::interval THEN
            RETURN 'unused';
        END IF;
    END IF;
    IF guichet.setting_of('account.review.overdue') = 'suspend' AND guichet.reviewed_at(wanted)
       < guichet.clock() - guichet.setting_of('account.review.' || population)::interval - guichet.setting_of('account.review.grace')::interval THEN
        RETURN 'unreviewed';
    END IF;
    RETURN 'active';
END $$;
