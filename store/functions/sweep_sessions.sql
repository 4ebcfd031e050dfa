-- sweep_sessions leaves the tombstone and the trace of each session that is
-- over though nobody came back to it (AA13.b), drops what it kept an hour after
-- its end, and forgets it after a month. Several may sweep at once: each takes
-- rows that no other has.
CREATE FUNCTION guichet.sweep_sessions() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
    wanted uuid;
    old uuid[];
BEGIN
    FOR wanted IN
        SELECT o.id FROM guichet.session o CROSS JOIN guichet.session_limit l
         WHERE o.watched
           AND (now_ >= o.seen + coalesce(o.idle, l.idle) OR now_ >= least(coalesce(o.expires, o.opened + l.lifetime), o.until) OR now_ < greatest(o.opened, o.seen) - interval '10 seconds'
                OR EXISTS (SELECT FROM guichet.session_end e WHERE e.session = o.id)
                OR EXISTS (SELECT FROM guichet.session_turn own JOIN guichet.session_turn t ON t.account = own.account AND t.turn > own.turn AND t.session <> o.id
                            WHERE own.session = o.id)
                OR (l.mode = 'refuse' AND o.present + l.presence < now_ AND guichet.standing_of(o) = 'presence'))
         ORDER BY o.opened
         LIMIT 100
           FOR NO KEY UPDATE OF o SKIP LOCKED
    LOOP
        PERFORM guichet.bury_session(wanted, NULL, gen_random_uuid());
        UPDATE guichet.session o SET watched = false WHERE o.id = wanted AND EXISTS (SELECT FROM guichet.session_end e WHERE e.session = wanted);
    END LOOP;

    UPDATE guichet.session SET sealed = NULL
     WHERE id IN (SELECT o.id FROM guichet.session o
                   WHERE NOT o.watched AND o.sealed IS NOT NULL
                     AND EXISTS (SELECT FROM guichet.session_end e WHERE e.session = o.id AND e.at <= now_ - interval '1 hour')
                   ORDER BY o.opened LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED);

    -- No session lasts for half a month: whatever its turn, none comes back.
    SELECT array_agg(l.id) INTO old
      FROM (SELECT o.id FROM guichet.session o WHERE NOT o.watched AND o.opened < now_ - interval '31 days' ORDER BY o.opened LIMIT 100 FOR UPDATE SKIP LOCKED) l;
    DELETE FROM guichet.session_end WHERE session = ANY (old);
    DELETE FROM guichet.session_turn WHERE session = ANY (old);
    DELETE FROM guichet.session WHERE id = ANY (old);
    -- An attempt's own cookie lasts ten minutes.
    DELETE FROM guichet.sign_in_attempt
     WHERE state IN (SELECT a.state FROM guichet.sign_in_attempt a WHERE a.at < now_ - interval '1 day' ORDER BY a.at LIMIT 500);
END $$;
