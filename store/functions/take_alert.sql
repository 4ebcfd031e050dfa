-- take_alert hands over the oldest alert that the caller's role has not announced,
-- to whoever announces it before committing: one that dies on the way leaves it
-- to the next. Two of one cause within the hour, raised at the same moment, are one.
CREATE FUNCTION guichet.take_alert() RETURNS TABLE (kind text, entry bigint, at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    a guichet.alert;
BEGIN
    PERFORM guichet.check_settings();
    FOR a IN SELECT * FROM guichet.alert x WHERE NOT EXISTS (SELECT FROM guichet.alert_taken k WHERE k.alert = x.id AND k.login = session_user) ORDER BY x.id LIMIT 100 LOOP
        INSERT INTO guichet.alert_taken (alert, login, at) VALUES (a.id, session_user, guichet.clock()) ON CONFLICT DO NOTHING;
        IF FOUND AND NOT EXISTS (SELECT FROM guichet.alert x WHERE x.kind = a.kind AND x.about = a.about AND x.id < a.id AND x.at > a.at - interval '1 hour') THEN
            RETURN QUERY SELECT a.kind, a.entry, a.at;
            RETURN;
        END IF;
    END LOOP;
END $$;
