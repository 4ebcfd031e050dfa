-- note_presence notes that the browser of a session is there, at most every
-- ten seconds, and says how the session stands. It is nobody's action: it
-- lengthens nothing (AA8.c, DT9.a), and never waits for whoever holds the row.
CREATE FUNCTION guichet.note_presence(token bytea, ip inet[], request uuid)
RETURNS TABLE (state text, at timestamptz, idle_at timestamptz, ends_at timestamptz, idle integer) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    mine uuid;
    last timestamptz;
    standing record;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    SELECT o.id, o.present INTO mine, last FROM guichet.session o WHERE o.token = sha256(note_presence.token) AND o.listener = session_user;
    SELECT * INTO standing FROM guichet.time_left(mine) o;
    IF standing.state = 'live' AND (last IS NULL OR last < standing.at - interval '10 seconds') THEN
        UPDATE guichet.session SET present = standing.at
         WHERE id IN (SELECT s.id FROM guichet.session s WHERE s.id = mine FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    IF standing.state IS NOT NULL THEN
        RETURN QUERY SELECT standing.state, standing.at, standing.idle_at, standing.ends_at, standing.idle;
    END IF;
END $$;
