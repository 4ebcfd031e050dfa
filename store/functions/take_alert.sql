-- take_alert hands over the oldest alert that the caller's role has not told by a
-- channel, to whoever tells it within a minute: one that dies on the way, or
-- whose receiver is away, leaves it to the next try, after twice as long each
-- time, up to an hour. Two of one cause within the hour, raised at the same
-- moment, are one. Where oldest is given, what is older is told no more.
CREATE FUNCTION guichet.take_alert(channel text, oldest interval) RETURNS TABLE (id bigint, kind text, entry bigint, at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    now_ timestamptz := guichet.clock();
    a guichet.alert;
BEGIN
    PERFORM guichet.check_settings();
    IF take_alert.channel IS NULL OR take_alert.channel !~ '^[a-z]{1,16}$' THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    FOR a IN SELECT x.* FROM guichet.alert x LEFT JOIN guichet.alert_taken k ON k.alert = x.id AND k.login = session_user AND k.channel = take_alert.channel
              WHERE (k.alert IS NULL OR k.told IS NULL AND k.until <= now_) AND (oldest IS NULL OR x.at > now_ - oldest)
              ORDER BY x.id LIMIT 100
    LOOP
        INSERT INTO guichet.alert_taken AS k (alert, login, channel, at, tries, until) VALUES (a.id, session_user, take_alert.channel, now_, 1, now_ + interval '1 minute')
            ON CONFLICT ON CONSTRAINT alert_taken_pkey
            DO UPDATE SET tries = k.tries + 1, until = now_ + least(interval '1 minute' * 2 ^ least(k.tries, 6), interval '1 hour') WHERE k.told IS NULL AND k.until <= now_;
        CONTINUE WHEN NOT FOUND; -- somebody was quicker
        IF NOT EXISTS (SELECT FROM guichet.alert x WHERE x.kind = a.kind AND x.about = a.about AND x.id < a.id AND x.at > a.at - interval '1 hour') THEN
            RETURN QUERY SELECT a.id, a.kind, a.entry, a.at;
            RETURN;
        END IF;
        UPDATE guichet.alert_taken k SET told = now_ WHERE k.alert = a.id AND k.login = session_user AND k.channel = take_alert.channel;
    END LOOP;
END $$;
