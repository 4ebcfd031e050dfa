-- check_settings refuses a transaction whose verdict or trace could not be
-- relied on.
CREATE FUNCTION guichet.check_settings() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'read committed only' USING ERRCODE = '25000'; -- W3
    END IF;
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        RAISE 'durable commits only' USING ERRCODE = '25000'; -- B1', an early warning: await_durable is the guard
    END IF;
END $$;
