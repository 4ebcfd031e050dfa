-- save_session keeps what the web layer wants kept, of a session that is open,
-- or that has just been opened: one replaced within its own sign-in says so, and
-- lets its person close the provider's session.
CREATE FUNCTION guichet.save_session(token bytea, sealed bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
    why text;
BEGIN
    IF save_session.token IS NULL OR octet_length(save_session.token) <> 32 OR save_session.sealed IS NULL OR octet_length(save_session.sealed) > 65536 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(save_session.token) AND o.listener = session_user;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    why := guichet.standing_of(s);
    IF why IS NULL OR why = 'waiting' OR (why = 'replaced' AND s.sealed IS NULL AND s.opened > guichet.clock() - interval '1 minute') THEN
        UPDATE guichet.session o SET sealed = save_session.sealed
         WHERE o.id IN (SELECT l.id FROM guichet.session l WHERE l.id = s.id FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
END $$;
