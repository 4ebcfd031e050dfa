-- end_sessions ends every session of an account that has no tombstone yet,
-- whatever process serves it.
CREATE FUNCTION guichet.end_sessions(wanted uuid, why text, at timestamptz, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
BEGIN
    FOR s IN SELECT * FROM guichet.session o
              WHERE o.account = wanted AND o.watched AND NOT EXISTS (SELECT FROM guichet.session_end e WHERE e.session = o.id) LOOP
        PERFORM guichet.leave_end(s, end_sessions.at, why, ip, request);
    END LOOP;
END $$;
