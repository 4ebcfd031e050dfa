-- flush writes a record that makes all before it durable, for a receive that
-- was told to wait.
CREATE FUNCTION guichet.flush() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_logical_emit_message(true, 'guichet', 'flush');
END $$;
