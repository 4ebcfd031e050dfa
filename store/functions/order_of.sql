-- order_of returns the order that a part of a report answers, or NULL for what
-- is not a part.
CREATE FUNCTION guichet.order_of(kind text, wanted uuid) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE kind
        WHEN 'panel' THEN (SELECT p.order_of FROM guichet.panel p WHERE p.id = wanted)
        WHEN 'observation' THEN (SELECT o.order_of FROM guichet.observation o WHERE o.id = wanted)
        WHEN 'document' THEN (SELECT d.order_of FROM guichet.document d WHERE d.id = wanted)
    END;
END $$;
