-- housekeep does what nobody waits for, every few seconds, in whatever process
-- comes first. Each part bounds its own work.
CREATE FUNCTION guichet.housekeep() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM guichet.check_settings();
    PERFORM guichet.watch_evidence();
    PERFORM guichet.watch_log();
    PERFORM guichet.watch_gaps();
    PERFORM guichet.watch_reads();
    PERFORM guichet.watch_streams();
    PERFORM guichet.sweep_sessions();
    PERFORM guichet.end_delays();
    PERFORM guichet.forget_waiting();
END $$;
