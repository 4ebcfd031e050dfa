-- take_turn makes a session the one of its account that lives. Those that it
-- sees are told so in the same transaction; what it cannot see has a turn that
-- is greater, or is swept (AA8.b).
CREATE FUNCTION guichet.take_turn(wanted uuid, owner uuid, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    others uuid[];
    other uuid;
BEGIN
    SELECT array_agg(l.id) INTO others
      FROM (SELECT o.id FROM guichet.session o
             WHERE o.account = owner AND o.watched AND o.expires IS NULL AND o.id <> wanted
               AND NOT EXISTS (SELECT FROM guichet.session_end e WHERE e.session = o.id)
             ORDER BY o.opened DESC LIMIT 20) l;
    FOREACH other IN ARRAY coalesce(others, '{}') LOOP
        PERFORM guichet.bury_session(other, ip, request); -- what was over already keeps its own cause
    END LOOP;
    INSERT INTO guichet.session_turn (session, account, at) VALUES (wanted, owner, guichet.clock());
    FOREACH other IN ARRAY coalesce(others, '{}') LOOP
        PERFORM guichet.bury_session(other, ip, request);
    END LOOP;
END $$;
