-- watch_reads looks at the reads that were given their places in the log since
-- it last looked, in their order, five thousand ids at most: what comes behind
-- the log's end may still lack an entry. It rings for many that were refused in
-- a row, for a professional who reads many patients, or at odd hours, and for
-- each emergency. Whoever is second leaves it to the first; one that is taken
-- back begins again where it began.
CREATE FUNCTION guichet.watch_reads() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
    refusals integer := guichet.setting_of('alert.refused')::integer;
    patients integer := guichet.setting_of('alert.patients')::integer;
    span interval := guichet.setting_of('alert.patients.window')::interval;
    odd text[] := string_to_array(nullif(guichet.setting_of('alert.hours'), 'off'), '-');
    past bigint;
    upto bigint;
    hour integer;
    n integer;
    e record;
BEGIN
    SELECT w.entry INTO past FROM guichet.watch_state w FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    upto := least(past + 5000, (SELECT s.entry FROM guichet.log_state s));
    FOR e IN SELECT t.id, t.at, t.outcome, t.account, t.session, t.patient, t.role, t.ground FROM guichet.trace t
              WHERE t.id > past AND t.id <= upto AND t.type ~ '\.(read|list|proof)$' AND t.role IN ('patient', 'physician', 'nurse', 'professional') AND t.account IS NOT NULL
              ORDER BY t.id
    LOOP
        IF e.outcome = 'refused' THEN
            INSERT INTO guichet.watch_refused AS w (about, refused, at) SELECT a, 1, e.at FROM unnest(ARRAY[e.account, e.session]) a WHERE a IS NOT NULL
                ON CONFLICT ON CONSTRAINT watch_refused_pkey DO UPDATE SET refused = w.refused + 1, at = e.at;
            IF EXISTS (SELECT FROM guichet.watch_refused w WHERE w.about IN (e.account, e.session) AND w.refused >= refusals) THEN
                PERFORM guichet.raise_alert('refused-reads', sha256(uuid_send(e.account)), e.id);
            END IF;
            CONTINUE;
        END IF;
        DELETE FROM guichet.watch_refused w WHERE w.about IN (e.account, e.session);
        CONTINUE WHEN e.role = 'patient' OR e.outcome <> 'granted';

        IF e.patient IS NOT NULL THEN
            INSERT INTO guichet.watch_reader AS w (account, patient, at) VALUES (e.account, e.patient, e.at)
                ON CONFLICT ON CONSTRAINT watch_reader_pkey DO UPDATE SET at = e.at;
            SELECT count(*) INTO n FROM (SELECT FROM guichet.watch_reader w WHERE w.account = e.account AND w.at > e.at - span LIMIT patients + 1) x;
            IF n > patients THEN
                PERFORM guichet.raise_alert('many-patients', sha256(uuid_send(e.account)), e.id);
            END IF;
        END IF;
        IF e.ground = 'emergency' THEN
            PERFORM guichet.raise_alert('emergency-use', sha256(uuid_send(e.account) || uuid_send(coalesce(e.patient, e.account))), e.id);
        END IF;
        hour := extract(hour FROM e.at AT TIME ZONE 'Europe/Paris');
        IF (CASE WHEN odd[1]::integer < odd[2]::integer THEN hour >= odd[1]::integer AND hour < odd[2]::integer
                 ELSE hour >= odd[1]::integer OR hour < odd[2]::integer END) THEN -- over midnight; NULL where it is off
            PERFORM guichet.raise_alert('odd-hours', sha256(uuid_send(e.account)), e.id);
        END IF;
    END LOOP;
    IF upto > past THEN
        UPDATE guichet.watch_state SET entry = upto;
    END IF;
    DELETE FROM guichet.watch_refused w WHERE w.about IN (SELECT x.about FROM guichet.watch_refused x WHERE x.at < now_ - interval '1 day' ORDER BY x.at LIMIT 500);
    DELETE FROM guichet.watch_reader w WHERE (w.account, w.patient) IN (SELECT x.account, x.patient FROM guichet.watch_reader x WHERE x.at <= now_ - span ORDER BY x.at LIMIT 500);
END $$;
