-- leave_trace adds the entry of an act and returns its id. The id is drawn by
-- the INSERT itself, which holds its lock on the table by then: the sequencer
-- waits for whoever may have drawn one (monitor, section 6). What ends a sign-in
-- settles the delay of the next one here, in the one place that every end passes.
CREATE FUNCTION guichet.leave_trace(type text, v guichet.verdict, named guichet.manifest, entries bigint[], provider text, ip inet[], request uuid)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    e guichet.trace;
    named_process text := current_setting('application_name');
BEGIN
    e.at := guichet.clock();
    e.type := leave_trace.type;
    e.outcome := v.outcome;
    e.reason := v.reason;
    e.account := v.account;
    e.role := v.role;
    e.provider := leave_trace.provider;
    e.behalf := CASE WHEN v.ground = 'mandate' THEN v.patient END;
    e.patient := v.patient;
    e.grant_id := v.grant_id;
    e.ground := v.ground;
    e.purpose := v.purpose;
    e.kinds := coalesce(named.kinds, '{}');
    e.records := coalesce(named.records, '{}');
    e.versions := coalesce(named.versions, '{}');
    e.entries := coalesce(leave_trace.entries, '{}');
    e.before := v.before;
    e.after := v.after;
    e.ip := leave_trace.ip[1];
    e.peer := leave_trace.ip[2];
    e.origin := inet_client_addr();
    e.login := session_user;
    e.session := v.session;
    e.request := leave_trace.request;
    e.process := CASE WHEN named_process LIKE 'guichet ________-____-____-____-____________' THEN substr(named_process, 9)::uuid END;
    e.xid := pg_current_xact_id();
    -- A line that a caller could break would be another column.
    IF concat(e.reason, e.provider, e.purpose, e.role, e.ground) ~ '[^!-~]' THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    INSERT INTO guichet.trace (id, at, type, outcome, reason, account, role, provider, behalf, patient, grant_id, ground, purpose, kinds, records, versions, entries,
                               before, after, ip, peer, origin, login, session, request, process, xid, context, bytes) OVERRIDING SYSTEM VALUE
    SELECT w.id, w.at, w.type, w.outcome, w.reason, w.account, w.role, w.provider, w.behalf, w.patient, w.grant_id, w.ground, w.purpose, w.kinds, w.records, w.versions, w.entries,
           w.before, w.after, w.ip, w.peer, w.origin, w.login, w.session, w.request, w.process, w.xid, w.context, w.bytes
      FROM nextval('guichet.trace_id_seq') AS n (id) CROSS JOIN LATERAL guichet.written(e, n.id) w
    RETURNING trace.id INTO e.id;
    IF e.type = 'sign-in' THEN
        PERFORM guichet.settle_try(e.id, v, ip, request);
    END IF;
    RETURN e.id;
END $$;
