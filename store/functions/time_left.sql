-- time_left is how long a try must still wait, in microseconds.
CREATE FUNCTION guichet.time_left(d guichet.delay) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN coalesce(greatest(ceil(extract(epoch FROM d.until - guichet.clock()) * 1000000), 0), 0)::bigint;
END $$;
