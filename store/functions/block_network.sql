-- block_network refuses sign-ins from a network for a while, under an entry that
-- says who did (AA7.g). It rings, as a setting does. No account is touched, and
-- sessions that are open go on.
CREATE FUNCTION guichet.block_network(token bytea, ip inet[], request uuid, wanted cidr, lasting interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    block uuid := gen_random_uuid();
    made bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(wanted, lasting) > 0 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'setting', NULL);
    IF v.outcome = 'granted' THEN
        -- Half the Internet is no attacker's network; and whoever has one IPv6
        -- address has the whole /64 (AA7.d).
        IF NOT (CASE family(wanted) WHEN 4 THEN masklen(wanted) BETWEEN 16 AND 32 ELSE masklen(wanted) BETWEEN 32 AND 64 END) THEN
            v.outcome := 'refused';
            v.reason := 'network';
        ELSIF lasting NOT BETWEEN interval '1 minute' AND interval '7 days' THEN
            v.outcome := 'refused';
            v.reason := 'duration';
        END IF;
    END IF;
    made := guichet.leave_trace('network.block', v, ROW(ARRAY['network'], ARRAY[block], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]), '{}', NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.blocked_network (id, network, until, at, entry) VALUES (block, wanted, now_ + lasting, now_, made);
        PERFORM guichet.raise_alert('network-blocked', sha256(convert_to(wanted::text || ' ' || lasting::text, 'UTF8')), made);
    END IF;
    RETURN made;
END $$;
