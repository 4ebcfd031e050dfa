-- note_strange looks at the last statement of each connection of a listener's
-- role, and rings for one that is not ours (monitor, L3): somebody else has the
-- role's password. The entry names the role and the first word, of a closed
-- list; what was written is kept nowhere. What comes and goes between two looks
-- is not seen.
CREATE FUNCTION guichet.note_strange() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    found_ record;
    digest bytea;
BEGIN
    FOR found_ IN
        SELECT DISTINCT s.login, CASE WHEN s.word IN ('ABORT', 'ALTER', 'ANALYZE', 'BEGIN', 'CALL', 'CLOSE', 'COMMENT', 'COMMIT', 'COPY', 'CREATE', 'DEALLOCATE', 'DECLARE', 'DELETE', 'DISCARD', 'DO', 'DROP',
                                     'END', 'EXPLAIN', 'FETCH', 'GRANT', 'INSERT', 'LISTEN', 'LOAD', 'LOCK', 'MERGE', 'MOVE', 'PREPARE', 'RELEASE', 'RESET', 'REVOKE', 'ROLLBACK',
                                     'SAVEPOINT', 'SELECT', 'SET', 'SHOW', 'START', 'TABLE', 'TRUNCATE', 'UPDATE', 'VALUES', 'WITH') THEN s.word ELSE 'OTHER' END AS word
          FROM (SELECT a.usename::text AS login, upper(substring(a.query FROM '^\s*(\w+)')) AS word FROM pg_stat_activity a
                 WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
                   AND a.usename IN ('guichet_portal', 'guichet_intake', 'guichet_console', 'guichet_officer', 'guichet_sequencer')
                   AND NOT guichet.is_ours(a.usename::text, a.query)) s
    LOOP
        digest := sha256(convert_to(found_.login || '/' || found_.word, 'UTF8'));
        CONTINUE WHEN EXISTS (SELECT FROM guichet.alert a WHERE a.kind = 'strange-statement' AND a.about = digest AND a.at > (SELECT guichet.clock()) - interval '1 hour');
        v.outcome := 'granted';
        v.reason := found_.login || '/' || found_.word;
        PERFORM guichet.raise_alert('strange-statement', digest, guichet.leave_trace('statement.strange', v, NULL, '{}', NULL, '{::}', gen_random_uuid()));
    END LOOP;
END $$;
