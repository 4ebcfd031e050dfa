-- purge_traces takes away the content of entries whose time to be kept is over, in
-- closed segments of the log: 256 places that a kept checkpoint covers. It looks at
-- 64 segments, from the one of a place on. Their hashes stay, and so does the list
-- of their places, whose hash the purge's own entry has: what is erased stays
-- provable (TR3.c). The time is that of the last kept checkpoint, which is signed:
-- a clock that was set ahead purges nothing by itself (monitor, section 7). An
-- account's latest sign-in stays, since rules go by it. 0 where there was nothing
-- to purge.
CREATE FUNCTION guichet.purge_traces(token bytea, ip inet[], request uuid, first bigint) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    v guichet.verdict;
    entry bigint;
    now_ timestamptz;
    closed bigint;
    expired bigint[];
    wanted bigint;
    bits bytea;
    firsts bigint[] := '{}';
    purged bytea[] := '{}';
    gone bigint[] := '{}';
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF first IS NULL OR first < 0 OR first % 256 <> 0 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'traces', NULL);
    IF v.outcome <> 'granted' THEN
        RETURN guichet.leave_trace('trace.purge', v, NULL, '{}', NULL, ip, request);
    END IF;
    SELECT c.at, c.size INTO now_, closed FROM guichet.log_checkpoint c ORDER BY c.size DESC LIMIT 1;
    FOR segment IN 0 .. 63 LOOP
        EXIT WHEN closed IS NULL OR first + 256 > closed;
        SELECT array_agg(t.id) INTO expired
          FROM guichet.trace t
         WHERE t.id BETWEEN guichet.entry_at(first) AND guichet.entry_at(first + 255) AND guichet.class_of(t.type) <> 'lasting'
           AND t.at < now_ - guichet.setting_of('trace.keep.' || guichet.class_of(t.type))::interval
           AND NOT (t.type = 'sign-in' AND t.outcome = 'granted'
                    AND NOT EXISTS (SELECT FROM guichet.trace l WHERE l.account = t.account AND l.type = 'sign-in' AND l.outcome = 'granted' AND l.id > t.id));
        IF expired IS NOT NULL THEN
            bits := decode(repeat('00', 32), 'hex');
            FOREACH wanted IN ARRAY expired LOOP
                bits := set_bit(bits, guichet.place_of(wanted) - first, 1);
            END LOOP;
            firsts := firsts || first;
            purged := purged || bits;
            gone := gone || expired;
        END IF;
        first := first + 256;
    END LOOP;
    IF cardinality(gone) = 0 THEN
        RETURN 0;
    END IF;
    SELECT sha256(convert_to(string_agg(format(E'%s %s\n', p.first, encode(p.purged, 'hex')), '' ORDER BY p.first), 'UTF8')) INTO v.after
      FROM unnest(firsts, purged) AS p (first, purged);
    entry := guichet.leave_trace('trace.purge', v, NULL, '{}', NULL, ip, request);
    INSERT INTO guichet.log_purge (entry, first, purged) SELECT entry, p.first, p.purged FROM unnest(firsts, purged) AS p (first, purged);
    DELETE FROM guichet.trace t WHERE t.id = ANY (gone);
    RETURN entry;
END $$;
