-- end_delays leaves the entry of each delay that is over, forgets who has not
-- failed for long enough, and frees the places of tries that were cut short.
CREATE FUNCTION guichet.end_delays() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
    forget interval := guichet.setting_of('delay.forget')::interval;
    cap interval := guichet.setting_of('delay.cap')::interval;
    d guichet.delay;
BEGIN
    FOR d IN SELECT * FROM guichet.delay x WHERE NOT x.ended AND x.until <= now_ ORDER BY x.until LIMIT 200 FOR UPDATE SKIP LOCKED LOOP
        UPDATE guichet.delay x SET ended = true WHERE x.id = d.id;
        PERFORM guichet.leave_delay('delay.end', d, 'elapsed', NULL, gen_random_uuid());
    END LOOP;
    DELETE FROM guichet.delay x WHERE x.id IN (
        SELECT y.id FROM guichet.delay y
         WHERE y.ended AND (y.failures = 0 AND y.failed < now_ - interval '1 minute' OR y.failed < now_ - forget AND y.until < now_ - cap)
         ORDER BY y.failed LIMIT 200 FOR UPDATE SKIP LOCKED);
    DELETE FROM guichet.sign_in_try x WHERE x.id IN (
        SELECT y.id FROM guichet.sign_in_try y WHERE y.at < now_ - interval '1 minute' LIMIT 200 FOR UPDATE SKIP LOCKED);
END $$;
