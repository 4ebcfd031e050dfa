-- Run by a superuser, once for a cluster; harmless when run again.
-- Nobody logs in as the owner of tables (guichet_data) or of functions
-- (guichet_monitor): the role of the migrations may only become them.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['guichet_data', 'guichet_monitor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    FOREACH wanted IN ARRAY ARRAY['guichet_owner', 'guichet_portal', 'guichet_console', 'guichet_intake', 'guichet_officer', 'guichet_sequencer'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', wanted);
        END IF;
        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 64', wanted);
    END LOOP;
END $$;
GRANT guichet_data, guichet_monitor TO guichet_owner;
GRANT pg_read_all_stats TO guichet_monitor; -- await_durable reads what a synchronous standby has flushed (B1')
GRANT pg_signal_backend TO guichet_monitor; -- end_held ends a listener's connection that holds a transaction open (monitor, section 6)
