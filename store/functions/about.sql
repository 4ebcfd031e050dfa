-- about returns the one report that an entry speaks of, or NULL.
CREATE FUNCTION guichet.about(type text, kinds text[], records uuid[]) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    IF type IN ('report.read', 'report.deposit') THEN
        RETURN records[array_position(kinds, 'report')];
    END IF;
    RETURN NULL;
END $$;
