-- longest_transaction is how long a listener's transaction may stay open. A
-- message of many parts gives up after thirty seconds. Only test databases
-- replace it.
CREATE FUNCTION guichet.longest_transaction() RETURNS interval LANGUAGE plpgsql AS $$
BEGIN
    RETURN interval '35 seconds';
END $$;
