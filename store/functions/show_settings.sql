-- show_settings returns every setting as it is now, and since when the hospital
-- chose it. It names nobody.
CREATE FUNCTION guichet.show_settings() RETURNS TABLE (name text, value text, since timestamptz) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT r.name, guichet.setting_of(r.name), (SELECT s.at FROM guichet.setting s WHERE s.name = r.name ORDER BY s.entry DESC LIMIT 1)
      FROM guichet.setting_rules() r;
END $$;
