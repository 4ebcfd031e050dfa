-- begin_session opens the session of a sign-in whose entry has been left; last
-- is the sign-in before it (AA9), person who signed in, and earlier the token
-- that the browser came with, or empty; until is when it ends at the latest. In mode refuse it waits for its turn
-- while another session of the account lives (AA8.b).
CREATE FUNCTION guichet.begin_session(opened uuid, token bytea, account uuid, person bytea, earlier bytea, entry bigint, last bigint, until timestamptz, ip inet[], request uuid)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
    before guichet.session;
    other guichet.session;
    why text;
    mode text;
BEGIN
    INSERT INTO guichet.session (id, token, account, listener, opened, seen, entry, previous, person, until)
    VALUES (begin_session.opened, sha256(begin_session.token), begin_session.account, session_user, now_, now_, begin_session.entry, last, begin_session.person, begin_session.until);
    SELECT * INTO before FROM guichet.session o WHERE o.token = sha256(earlier) AND o.listener = session_user AND o.id <> begin_session.opened;
    SELECT * INTO other FROM guichet.session o
     WHERE o.id = (SELECT t.session FROM guichet.session_turn t WHERE t.account = begin_session.account ORDER BY t.turn DESC LIMIT 1);

    -- The browser leaves the session it had: to another person (a change of
    -- identity), or to itself.
    IF before.id IS NOT NULL AND (other.id IS NULL OR before.id <> other.id) THEN
        why := guichet.standing_of(before);
        IF why IS NULL OR why = 'waiting' THEN
            PERFORM guichet.leave_end(before, now_, CASE WHEN before.account = begin_session.account THEN 'replaced' ELSE 'identity' END, ip, request);
        END IF;
    END IF;

    SELECT l.mode INTO mode FROM guichet.session_limit l;
    IF mode = 'refuse' AND other.id IS NOT NULL AND (before.id IS NULL OR before.id <> other.id) THEN
        PERFORM guichet.bury_session(other.id, ip, request);
        IF guichet.standing_of(other) IS NULL THEN
            RETURN;
        END IF;
    END IF;
    PERFORM guichet.take_turn(begin_session.opened, begin_session.account, ip, request);
END $$;
