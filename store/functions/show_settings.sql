-- show_settings returns every setting as it is now, since when the hospital
-- chose it, and what it may be. It names nobody.
CREATE FUNCTION guichet.show_settings() RETURNS TABLE (name text, value text, since timestamptz, allowed text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT r.name, guichet.setting_of(r.name), (SELECT s.at FROM guichet.setting s WHERE s.name = r.name ORDER BY s.entry DESC LIMIT 1),
           CASE r.kind WHEN 'word' THEN array_to_string(r.words, ' | ') WHEN 'hours' THEN '22-6 | off' WHEN 'networks' THEN 'CIDR, CIDR… : 192.0.2.0/24, 2001:db8::/48' ELSE r.lowest || ' … ' || r.highest || coalesce(' | ' || array_to_string(r.words, ' | '), '') END
      FROM guichet.setting_rules() r;
END $$;
