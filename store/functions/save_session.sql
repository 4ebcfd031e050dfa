-- save_session keeps what the web layer wants kept, of a session that is open.
CREATE FUNCTION guichet.save_session(token bytea, sealed bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF save_session.token IS NULL OR octet_length(save_session.token) <> 32 OR save_session.sealed IS NULL OR octet_length(save_session.sealed) > 65536 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    UPDATE guichet.session s SET sealed = save_session.sealed
     WHERE s.token = sha256(save_session.token) AND s.listener = session_user AND guichet.session_end_of(s, (SELECT e.reason FROM guichet.session_end e WHERE e.session = s.id LIMIT 1)) IS NULL;
END $$;
