-- clock is the time that every rule goes by. It moves within a transaction, so
-- that one held open freezes nothing (W1, W2). Only test databases replace it.
CREATE FUNCTION guichet.clock() RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    RETURN clock_timestamp();
END $$;
