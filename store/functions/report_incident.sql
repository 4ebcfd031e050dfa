-- report_incident is "that was not me" (AA8.e), from a session that lives or
-- waits, or from the tombstone of one that ended within a day: every session of
-- the account ends, and the hospital is alerted. It returns the entry, which a
-- second call of the same session returns again, or 0 where there is nothing to
-- report from.
CREATE FUNCTION guichet.report_incident(token bytea, ip inet[], request uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    s guichet.session;
    other guichet.session;
    v guichet.verdict;
    why text;
    now_ timestamptz := guichet.clock();
    entry bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(report_incident.token) AND o.listener = session_user;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT i.entry INTO entry FROM guichet.incident i WHERE i.session = s.id ORDER BY i.entry LIMIT 1;
    IF entry IS NOT NULL THEN
        RETURN entry; -- a tombstone serves once: whoever stole it closes nothing for ever
    END IF;
    why := guichet.standing_of(s);
    IF why IS NOT NULL AND why <> 'waiting' AND guichet.ended_at(s, why) < now_ - interval '1 day' THEN
        RETURN 0;
    END IF;
    v.outcome := 'granted';
    v.reason := coalesce(why, 'live');
    v.session := s.id;
    v.account := s.account;
    SELECT a.role INTO v.role FROM guichet.account a WHERE a.id = s.account;
    entry := guichet.leave_trace('incident.report', v, NULL, '{}', NULL, ip, request);
    INSERT INTO guichet.incident (session, account, at, entry) VALUES (s.id, s.account, now_, entry);
    PERFORM guichet.raise_alert('not-me', sha256(uuid_send(s.account)), entry);
    FOR other IN SELECT * FROM guichet.session o WHERE o.account = s.account AND o.watched AND o.expires IS NULL ORDER BY o.opened DESC LOOP
        why := guichet.standing_of(other);
        IF why IS NULL OR why = 'waiting' THEN
            PERFORM guichet.leave_end(other, now_, 'admin', ip, request);
        ELSE
            PERFORM guichet.bury_session(other.id, ip, request);
        END IF;
    END LOOP;
    RETURN entry;
END $$;
