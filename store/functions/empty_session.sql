-- empty_session drops what the web layer kept of a session. It waits for
-- nobody: the sweeper comes later.
CREATE FUNCTION guichet.empty_session(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE guichet.session SET sealed = NULL
     WHERE id IN (SELECT s.id FROM guichet.session s WHERE s.id = wanted FOR NO KEY UPDATE SKIP LOCKED);
END $$;
