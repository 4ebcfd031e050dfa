-- delay_of returns how an address or an account stands, without holding it.
CREATE FUNCTION guichet.delay_of(network cidr, account uuid, request uuid) RETURNS guichet.delay LANGUAGE plpgsql AS $$
DECLARE
    d guichet.delay;
BEGIN
    SELECT * INTO d FROM guichet.delay x WHERE x.network = delay_of.network OR x.account = delay_of.account;
    IF d.failed > guichet.clock() THEN -- the clock has been set back
        d := guichet.hold_delay(network, account, request);
    END IF;
    RETURN d;
END $$;
