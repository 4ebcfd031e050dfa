-- is_written says whether the bytes of an entry say what its columns say.
CREATE FUNCTION guichet.is_written(e guichet.trace) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    w guichet.trace := guichet.written(e, e.id);
BEGIN
    RETURN w.bytes = e.bytes AND w.context = e.context;
END $$;
