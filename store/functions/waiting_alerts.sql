-- waiting_alerts returns how many alerts the caller's role has not told by a
-- channel, and still means to.
CREATE FUNCTION guichet.waiting_alerts(channel text, oldest interval) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) FROM guichet.alert x
             WHERE (oldest IS NULL OR x.at > (SELECT guichet.clock()) - oldest)
               AND NOT EXISTS (SELECT FROM guichet.alert_taken k WHERE k.alert = x.id AND k.login = session_user AND k.channel = waiting_alerts.channel AND k.told IS NOT NULL));
END $$;
