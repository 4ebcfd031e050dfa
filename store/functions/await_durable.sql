-- await_durable returns once everything written so far would survive a crash:
-- visible is not durable (B1). It waits 5 ms at most, then asks the caller to
-- flush and to try again.
CREATE FUNCTION guichet.await_durable() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    written pg_lsn;
    past bigint;
    segment bigint;
    names text := current_setting('synchronous_standby_names');
    standbys integer;
    deadline timestamptz;
BEGIN
    IF pg_is_in_recovery() THEN
        RETURN; -- a standby sees nothing that is not flushed
    END IF;
    written := pg_current_wal_insert_lsn();
    IF names = '' AND pg_current_wal_flush_lsn() >= written THEN
        RETURN; -- by far the most common
    END IF;
    -- "FIRST 2 (a, b)", "ANY 2 (a, b)" and "2 (a, b)" wait for two, "a, b" for one.
    standbys := CASE WHEN names = '' THEN 0 ELSE coalesce(substring(names FROM '^\s*(?:\w+\s+)?(\d+)\s*\(')::integer, 1) END;
    deadline := clock_timestamp() + interval '5 milliseconds';
    -- Right after a page header the insert position stands beyond it, where
    -- the flush position cannot follow before more is written.
    past := mod(written - '0/0'::pg_lsn, 8192)::bigint;
    segment := mod(written - '0/0'::pg_lsn, pg_size_bytes(current_setting('wal_segment_size')))::bigint;
    IF past = 24 OR segment = 40 THEN
        written := written - past;
    END IF;
    LOOP
        IF pg_current_wal_flush_lsn() >= written AND (
            standbys = 0
            OR standbys <= (SELECT count(*) FROM pg_stat_replication r WHERE r.sync_state IN ('sync', 'quorum') AND r.flush_lsn >= written)) THEN
            RETURN;
        END IF;
        IF clock_timestamp() > deadline THEN
            RAISE 'not durable yet' USING ERRCODE = 'GU002';
        END IF;
        PERFORM pg_sleep(0.001);
    END LOOP;
END $$;
