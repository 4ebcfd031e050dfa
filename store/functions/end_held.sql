-- end_held ends the connections of listeners that hold a transaction open: one
-- that has drawn the id of an entry and waits keeps the log from going on for
-- everybody, and its own limits are the client's to take away (monitor, section
-- 6). The time is the server's own, by which it says since when they are open.
CREATE FUNCTION guichet.end_held() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    held record;
    entry bigint;
BEGIN
    FOR held IN SELECT a.pid, a.usename::text AS login FROM pg_stat_activity a
                 WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
                   AND a.usename IN ('guichet_portal', 'guichet_intake', 'guichet_console', 'guichet_officer', 'guichet_sequencer')
                   AND a.xact_start < clock_timestamp() - (SELECT guichet.longest_transaction())
                 ORDER BY a.xact_start LIMIT 100
    LOOP
        IF pg_terminate_backend(held.pid) THEN
            v.outcome := 'granted';
            v.reason := held.login;
            entry := guichet.leave_trace('transaction.end', v, NULL, '{}', NULL, '{::}', gen_random_uuid());
            PERFORM guichet.raise_alert('transaction-held', sha256(convert_to(held.login, 'UTF8')), entry);
        END IF;
    END LOOP;
END $$;
