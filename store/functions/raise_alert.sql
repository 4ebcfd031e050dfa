-- raise_alert notes what an operator must see. The same cause rings once an
-- hour (AA7.f).
CREATE FUNCTION guichet.raise_alert(kind text, about bytea, entry bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    IF EXISTS (SELECT FROM guichet.alert a WHERE a.kind = raise_alert.kind AND a.about = raise_alert.about AND a.at > now_ - interval '1 hour') THEN
        RETURN;
    END IF;
    INSERT INTO guichet.alert (at, kind, about, entry) VALUES (now_, raise_alert.kind, raise_alert.about, raise_alert.entry);
END $$;
