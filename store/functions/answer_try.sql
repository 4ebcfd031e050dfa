-- answer_try says how long a try must wait, and where on the ladder of delays it
-- stands: failures in a row that cost something, and the longest delay. Times are
-- in microseconds. It leaves the entry of a try before its time.
CREATE FUNCTION guichet.answer_try(d guichet.delay, provider text, ip inet[], request uuid) RETURNS TABLE (wait bigint, rung integer, longest bigint) LANGUAGE plpgsql AS $$
DECLARE
    r guichet.delay_rule;
BEGIN
    wait := coalesce(greatest(ceil(extract(epoch FROM d.until - guichet.clock()) * 1000000), 0), 0);
    rung := 0;
    longest := 0;
    IF wait > 0 THEN
        r := guichet.delay_rule(d.network);
        rung := greatest(d.failures - r.free, 0);
        longest := extract(epoch FROM r.cap) * 1000000;
        PERFORM guichet.refuse_try(d, 'waiting', provider, ip, request);
    END IF;
    RETURN NEXT;
END $$;
