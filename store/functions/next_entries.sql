-- next_entries returns the hashes of entries that have no place yet, as leaves of
-- the Merkle tree (RFC 6962: a zero byte, then the entry), one after the other,
-- in the order of their ids; the last of these ids; and the gaps between them;
-- and when the oldest of them was left.
-- No entry with an id among or below them can still be committed: whoever had
-- drawn one by the time the sequence was read is waited for. That is whoever
-- holds the lock of an INSERT on the table, another database's writers are not;
-- nor is it asked whose process holds it: a prepared transaction has none
-- (monitor, section 6). Held up for long, it returns nothing, and the next call
-- waits again.
--
-- An entry whose bytes do not say what its columns say was altered since: it
-- gets no place.
CREATE FUNCTION guichet.next_entries(past bigint, most integer)
RETURNS TABLE (leaves bytea, last bigint, gap_first bigint[], gap_last bigint[], at timestamptz, oldest timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    drawn bigint;
    writers text[];
    deadline timestamptz := clock_timestamp() + interval '200 milliseconds';
    altered bigint;
BEGIN
    PERFORM guichet.check_settings();
    IF past IS NULL OR most NOT BETWEEN 1 AND 65536 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT s.last_value INTO drawn FROM guichet.trace_id_seq s;
    IF drawn <= past THEN
        RETURN;
    END IF;
    SELECT array_agg(l.virtualtransaction) INTO writers FROM pg_locks l
     WHERE l.locktype = 'relation' AND l.relation = 'guichet.trace'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted;
    WHILE writers IS NOT NULL LOOP
        IF clock_timestamp() > deadline THEN
            RETURN;
        END IF;
        PERFORM pg_sleep(0.002);
        SELECT array_agg(l.virtualtransaction) INTO writers FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = 'guichet.trace'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted AND l.virtualtransaction = ANY (writers);
    END LOOP;

    WITH fresh AS (
        SELECT t.id, t.at, t.bytes, w.bytes = t.bytes AND w.context = t.context AS intact, lag(t.id, 1, past) OVER (ORDER BY t.id) AS before
          FROM guichet.trace t CROSS JOIN LATERAL guichet.written(t, t.id) w
         WHERE t.id > past AND t.id <= drawn
         ORDER BY t.id LIMIT most)
    SELECT string_agg(sha256('\x00'::bytea || f.bytes), ''::bytea ORDER BY f.id), max(f.id), min(f.id) FILTER (WHERE NOT f.intact),
           array_agg(f.before + 1 ORDER BY f.id) FILTER (WHERE f.id > f.before + 1), array_agg(f.id - 1 ORDER BY f.id) FILTER (WHERE f.id > f.before + 1), min(f.at)
      INTO leaves, last, altered, gap_first, gap_last, oldest
      FROM fresh f;
    IF altered IS NOT NULL THEN
        RAISE 'an entry was altered before it had its place' USING ERRCODE = 'GU003', DETAIL = altered;
    END IF;
    IF last IS NOT NULL THEN
        at := guichet.clock();
        RETURN NEXT;
    END IF;
END $$;
