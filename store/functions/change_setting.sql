-- change_setting chooses a value, under an entry that says who did (AA13.c): the
-- row of that entry has the new value, the row before it the old one. It is in
-- force on sessions that are open, from now on (DT9.b). It rings: whoever would
-- attack unseen would begin here.
CREATE FUNCTION guichet.change_setting(token bytea, ip inet[], request uuid, wanted text, value text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    entry bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(wanted, value) > 0 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    -- How long traces are kept is the trace officer's to say, and nothing else is (TR3.c).
    v := guichet.decide(token, CASE WHEN wanted LIKE 'trace.%' THEN 'traces' ELSE 'setting' END, NULL);
    IF v.outcome = 'granted' THEN -- who may not keeps no session from being opened
        PERFORM FROM guichet.session_limit FOR UPDATE; -- one change after the other
    END IF;
    IF v.outcome = 'granted' AND NOT guichet.setting_fits(wanted, value) THEN
        v.outcome := 'refused';
        v.reason := 'value';
    END IF;
    IF v.outcome = 'granted' AND (CASE wanted WHEN 'session.idle' THEN value ELSE guichet.setting_of('session.idle') END)::interval
                               > (CASE wanted WHEN 'session.lifetime' THEN value ELSE guichet.setting_of('session.lifetime') END)::interval THEN
        v.outcome := 'refused';
        v.reason := 'idle-beyond-lifetime';
    END IF;
    IF v.outcome = 'granted' THEN
        v.before := sha256(convert_to(guichet.setting_of(wanted), 'UTF8'));
        v.after := sha256(convert_to(change_setting.value, 'UTF8'));
    END IF;
    entry := guichet.leave_trace('setting.change', v, NULL, '{}', NULL, ip, request);
    IF v.outcome <> 'granted' THEN
        RETURN 0;
    END IF;
    INSERT INTO guichet.setting (name, value, at, entry) VALUES (wanted, change_setting.value, guichet.clock(), entry);
    PERFORM guichet.raise_alert('setting-changed', sha256(convert_to(wanted || ' ' || change_setting.value, 'UTF8')), entry);
    UPDATE guichet.session_limit SET idle = guichet.setting_of('session.idle')::interval, lifetime = guichet.setting_of('session.lifetime')::interval,
           mode = guichet.setting_of('session.mode'), presence = guichet.setting_of('session.presence')::interval;
    RETURN entry;
END $$;
