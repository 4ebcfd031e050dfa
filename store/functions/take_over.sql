-- take_over gives a session that waits its turn: its person said so. The other
-- one is over (AA8.b).
CREATE FUNCTION guichet.take_over(token bytea, ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(take_over.token) AND o.listener = session_user;
    IF s.id IS NULL OR coalesce(guichet.standing_of(s), 'live') <> 'waiting' THEN
        RETURN;
    END IF;
    PERFORM guichet.take_turn(s.id, s.account, ip, request);
    PERFORM guichet.touch(s.id, s.seen);
END $$;
