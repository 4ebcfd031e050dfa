-- continue_session is somebody's word that they are still there: the session
-- has been used, from this moment on (DT9). It says how the session stands
-- afterwards, so that what was not lengthened is not said to be.
CREATE FUNCTION guichet.continue_session(token bytea, ip inet[], request uuid)
RETURNS TABLE (state text, at timestamptz, idle_at timestamptz, ends_at timestamptz, idle integer) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    mine uuid;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    SELECT o.id INTO mine FROM guichet.session o WHERE o.token = sha256(continue_session.token) AND o.listener = session_user;
    IF (SELECT o.state FROM guichet.time_left(mine) o) = 'live' THEN
        PERFORM guichet.touch(mine, '-infinity'); -- however lately it was used
    END IF;
    RETURN QUERY SELECT o.state, o.at, o.idle_at, o.ends_at, o.idle FROM guichet.time_left(mine) o;
END $$;
