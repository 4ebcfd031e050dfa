-- Run by a superuser in the new database, once; harmless when run again.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS guichet AUTHORIZATION guichet_data;

-- Default privileges must be global: IN SCHEMA takes nothing away (B3).
ALTER DEFAULT PRIVILEGES FOR ROLE guichet_monitor, guichet_owner, guichet_data REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE guichet_monitor, guichet_owner, guichet_data REVOKE USAGE ON TYPES FROM PUBLIC;

-- What lets one role take another's locks, end its work, count what it may
-- not see, or send what nobody traces (monitor, sections 3 and 6).
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid::regprocedure FROM pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace
               AND (proname ~ '^pg_(try_)?advisory' OR proname ~ '^pg_stat_get_xact_'
                    OR proname IN ('pg_export_snapshot', 'pg_notify', 'pg_logical_emit_message', 'lo_create', 'lo_creat',
                                   'lo_from_bytea', 'pg_cancel_backend', 'pg_terminate_backend'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) TO guichet_monitor; -- flush()
GRANT EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint) TO guichet_owner;                 -- one migration at a time
GRANT EXECUTE ON FUNCTION pg_try_advisory_lock(bigint) TO guichet_monitor;                    -- lead(): one sequencer at a time
GRANT EXECUTE ON FUNCTION pg_terminate_backend(integer, bigint) TO guichet_monitor;           -- end_held()
