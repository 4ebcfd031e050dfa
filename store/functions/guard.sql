-- guard refuses a call whose verdict or trace could not be relied on, with
-- fixed messages that show no row (L1).
CREATE FUNCTION guichet.guard(token bytea, ip inet, request uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF token IS NULL OR octet_length(token) <> 32 OR ip IS NULL OR request IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'read committed only' USING ERRCODE = '25000'; -- W3
    END IF;
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        RAISE 'durable commits only' USING ERRCODE = '25000'; -- B1', an early warning: await_durable is the guard
    END IF;
END $$;
