-- wait_after is the delay after a failure: two seconds after the first, twice as
-- long after each, to a cap (AA7.c, AA7.d).
CREATE FUNCTION guichet.wait_after(failure integer, cap interval) RETURNS interval LANGUAGE plpgsql AS $$
BEGIN
    IF failure < 1 THEN
        RETURN interval '0';
    END IF;
    RETURN least(interval '2 seconds' * power(2, least(failure, 20) - 1), cap); -- the twentieth is above any cap
END $$;
