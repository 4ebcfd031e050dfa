-- watch_failures raises the alert where one account, or all together, fail too
-- often within a time (AA7.f).
CREATE FUNCTION guichet.watch_failures(entry bigint, account uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := guichet.clock() - guichet.setting_of('alert.window')::interval;
    enough integer := guichet.setting_of('alert.overall')::integer;
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM guichet.trace t WHERE t.type = 'sign-in' AND t.outcome = 'refused' AND t.at > since
                                 AND guichet.counts_as_failure(t.reason) ORDER BY t.at DESC LIMIT enough) x) >= enough THEN
        PERFORM guichet.raise_alert('sign-in.overall', '', entry);
    END IF;
    IF account IS NOT NULL AND (SELECT count(*) FROM guichet.trace t WHERE t.account = watch_failures.account AND t.type = 'sign-in' AND t.outcome = 'refused'
                                   AND t.at > since AND guichet.counts_as_failure(t.reason)) >= guichet.setting_of('alert.identity')::integer THEN
        PERFORM guichet.raise_alert('sign-in.identity', uuid_send(account), entry);
    END IF;
END $$;
