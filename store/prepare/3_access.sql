-- Run by a superuser in the database: the rights on the database itself, which
-- a copy of it does not inherit.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO guichet_owner, guichet_portal, guichet_console, guichet_intake, guichet_officer, guichet_sequencer', current_database());
END $$;
