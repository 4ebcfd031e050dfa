-- take_place takes one of an address's places for a try, whose delay the caller
-- holds. A try that has not ended within a minute was cut short: its process is
-- gone, and its place free.
CREATE FUNCTION guichet.take_place(network cidr) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    r guichet.delay_rule := guichet.delay_rule(network);
    now_ timestamptz := guichet.clock();
BEGIN
    IF (SELECT count(*) FROM guichet.sign_in_try t WHERE t.network = take_place.network AND t.at > now_ - interval '1 minute' AND t.at <= now_) >= r.places THEN
        RETURN false;
    END IF;
    INSERT INTO guichet.sign_in_try (network, at) VALUES (take_place.network, now_);
    RETURN true;
END $$;
