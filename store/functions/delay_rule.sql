-- delay_rule says how long failures make an address wait (AA7.d), or, of no
-- network, an account (AA7.c). Behind a declared shared address many people
-- stand, of whom some fail every day: there the first ten of a quarter of an
-- hour cost nothing, and nobody waits longer than five seconds for what others
-- do: who keeps failing on purpose must not close the counter to all (AA7.e).
-- They are counted and alerted as any.
CREATE FUNCTION guichet.delay_rule(network cidr) RETURNS guichet.delay_rule LANGUAGE plpgsql AS $$
DECLARE
    forget interval := guichet.setting_of('delay.forget')::interval;
BEGIN
    IF network IS NULL THEN
        RETURN ROW(0, interval '5 minutes', forget, NULL::integer, false); -- never added up: an account is not locked (AA7.e)
    END IF;
    IF EXISTS (SELECT FROM unnest(guichet.networks_of(guichet.setting_of('delay.shared'))) AS shared WHERE shared && delay_rule.network) THEN
        RETURN ROW(10, interval '5 seconds', interval '15 minutes', 50, false);
    END IF;
    RETURN ROW(0, least(guichet.setting_of('delay.cap')::interval, interval '24 hours'), forget, 20, true);
END $$;
