-- watch_connections looks at what the listeners' roles do in the database, in a
-- transaction of its own: nothing that others hold up takes back what it found.
CREATE FUNCTION guichet.watch_connections() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.check_settings();
    PERFORM guichet.note_strange();
    PERFORM guichet.end_held();
END $$;
