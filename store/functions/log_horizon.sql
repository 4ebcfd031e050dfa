-- log_horizon returns the highest id up to which every entry that there will ever
-- be is there: whoever had drawn an id by the time the sequence was read is waited
-- for. That is whoever holds the lock of an INSERT on the table; another database's
-- writers are not, nor other tables'. It is not asked whose process holds it: a
-- prepared transaction has none (monitor, section 6). Held up for long, it returns
-- NULL, and the next call waits again.
CREATE FUNCTION guichet.log_horizon() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    drawn bigint;
    writers text[];
    deadline timestamptz := clock_timestamp() + interval '200 milliseconds';
BEGIN
    PERFORM guichet.check_settings();
    SELECT s.last_value INTO drawn FROM guichet.trace_id_seq s;
    IF drawn <= (SELECT s.entry FROM guichet.log_state s) THEN
        RETURN drawn;
    END IF;
    SELECT array_agg(l.virtualtransaction) INTO writers FROM pg_locks l
     WHERE l.locktype = 'relation' AND l.relation = 'guichet.trace'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted;
    WHILE writers IS NOT NULL LOOP
        IF clock_timestamp() > deadline THEN
            RETURN NULL;
        END IF;
        PERFORM pg_sleep(0.002);
        SELECT array_agg(l.virtualtransaction) INTO writers FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = 'guichet.trace'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted AND l.virtualtransaction = ANY (writers);
    END LOOP;
    RETURN drawn;
END $$;
