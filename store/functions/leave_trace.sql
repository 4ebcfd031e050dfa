-- leave_trace adds the entry of an act and returns its id. The id is drawn by
-- the INSERT itself (monitor, section 6). What ends a sign-in settles the delay of
-- the next one here, in the one place that every end passes.
CREATE FUNCTION guichet.leave_trace(type text, v guichet.verdict, named guichet.manifest, entries bigint[], provider text, ip inet[], request uuid)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    entry bigint;
BEGIN
    INSERT INTO guichet.trace (at, type, outcome, reason, account, role, provider, patient, grant_id, ground,
                               kinds, records, versions, entries, ip, peer, origin, login, session, request, xid)
    VALUES (guichet.clock(), leave_trace.type, v.outcome, v.reason, v.account, v.role, leave_trace.provider, v.patient, v.grant_id, v.ground,
            coalesce(named.kinds, '{}'), coalesce(named.records, '{}'), coalesce(named.versions, '{}'), coalesce(leave_trace.entries, '{}'),
            leave_trace.ip[1], leave_trace.ip[2], inet_client_addr(), session_user, v.session, leave_trace.request, pg_current_xact_id())
    RETURNING id INTO entry;
    IF leave_trace.type = 'sign-in' THEN
        PERFORM guichet.settle_try(entry, v, ip, request);
    END IF;
    RETURN entry;
END $$;
