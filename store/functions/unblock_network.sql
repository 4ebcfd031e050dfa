-- unblock_network ends a block before its time, under an entry that says who did
-- (AA7.g). It rings: whoever attacks would wish for it.
CREATE FUNCTION guichet.unblock_network(token bytea, ip inet[], request uuid, wanted cidr) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    freed uuid := gen_random_uuid();
    last guichet.blocked_network;
    made bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'setting', NULL);
    IF v.outcome = 'granted' THEN
        SELECT * INTO last FROM guichet.blocked_network b WHERE b.network = wanted ORDER BY b.entry DESC LIMIT 1;
        IF last.id IS NULL OR last.until <= now_ THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    made := guichet.leave_trace('network.unblock', v, ROW(ARRAY['network'], ARRAY[freed], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]), '{}', NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.blocked_network (id, network, until, at, entry) VALUES (freed, wanted, now_, now_, made);
        PERFORM guichet.raise_alert('network-unblocked', sha256(convert_to(wanted::text, 'UTF8')), made);
    END IF;
    RETURN made;
END $$;
