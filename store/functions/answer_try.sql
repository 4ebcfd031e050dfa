-- answer_try says how long a try must wait, and where on the ladder of delays it
-- stands: failures in a row that cost something, and the longest delay; or that
-- its network is blocked for longer (AA7.g). Times are in microseconds. It leaves
-- the entry of a try before its time.
CREATE FUNCTION guichet.answer_try(d guichet.delay, provider text, ip inet[], request uuid)
RETURNS TABLE (wait bigint, rung integer, longest bigint, blocked boolean) LANGUAGE plpgsql AS $$
DECLARE
    r guichet.delay_rule;
    b guichet.blocked_network := guichet.block_of(ip[1]);
    now_ timestamptz := guichet.clock();
BEGIN
    wait := coalesce(greatest(ceil(extract(epoch FROM greatest(d.until, b.until) - now_) * 1000000), 0), 0);
    rung := 0;
    longest := 0;
    blocked := wait > 0 AND coalesce(b.until > coalesce(d.until, now_), false);
    IF blocked THEN
        PERFORM guichet.refuse_blocked(b, provider, ip, request);
    ELSIF wait > 0 THEN
        r := guichet.delay_rule(d.network);
        rung := greatest(d.failures - r.free, 0);
        longest := extract(epoch FROM r.cap) * 1000000;
        PERFORM guichet.refuse_try(d, 'waiting', provider, ip, request);
    END IF;
    RETURN NEXT;
END $$;
