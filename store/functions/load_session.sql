-- load_session returns how a session stands and what the web layer keeps of it:
-- 'live' and when it would end for want of use; 'waiting'; or why and when it
-- ended. Of the session that stands in its way it tells since when, when it was
-- last used, by which provider, and whether from near. Limits are in seconds.
-- It is sealed and names nobody (L4). used is false for what is no action of
-- the person's (DT9). An end that nobody noticed yet leaves its tombstone here.
CREATE FUNCTION guichet.load_session(token bytea, ip inet[], request uuid, used boolean)
RETURNS TABLE (state text, at timestamptz, sealed bytea, since timestamptz, seen timestamptz, provider text, near boolean, idle integer, lifetime integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    s guichet.session;
    other guichet.session;
    l guichet.session_limit;
    theirs guichet.trace;
    own guichet.trace;
    why text;
    ended timestamptz;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF used IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT * INTO s FROM guichet.session o WHERE o.token = sha256(load_session.token) AND o.listener = session_user;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    why := guichet.standing_of(s);
    IF why = 'waiting' THEN
        SELECT * INTO other FROM guichet.session o WHERE o.id = (SELECT guichet.holder_of(s));
        PERFORM guichet.bury_session(other.id, ip, request);
        IF other.id IS NULL OR guichet.standing_of(other) IS NOT NULL THEN
            PERFORM guichet.take_turn(s.id, s.account, ip, request); -- nobody is in its way any more
            why := guichet.standing_of(s);
        END IF;
    END IF;
    IF (why IS NULL OR why = 'waiting') AND guichet.state_of(s.account) <> 'active' THEN -- opened while its account was being suspended
        why := 'admin';
        ended := guichet.clock();
        PERFORM guichet.leave_end(s, ended, why, ip, request);
    ELSIF why IS NOT NULL AND why <> 'waiting' THEN
        PERFORM guichet.bury_session(s.id, ip, request);
        ended := guichet.ended_at(s, why);
    END IF;

    SELECT * INTO l FROM guichet.session_limit;
    IF why IS NULL THEN
        IF used THEN
            PERFORM guichet.touch(s.id, s.seen);
            s.seen := greatest(s.seen, guichet.clock());
        END IF;
        RETURN QUERY SELECT 'live', s.seen + coalesce(s.idle, l.idle), s.sealed, NULL::timestamptz, NULL::timestamptz, NULL::text, NULL::boolean,
            extract(epoch FROM l.idle)::integer, extract(epoch FROM l.lifetime)::integer;
        RETURN;
    END IF;
    IF why = 'replaced' THEN
        SELECT o.* INTO other FROM guichet.session o JOIN guichet.session_turn t ON t.session = o.id WHERE t.turn = (SELECT guichet.turn_after(s));
    END IF;
    SELECT * INTO own FROM guichet.trace t WHERE t.id = s.entry;
    SELECT * INTO theirs FROM guichet.trace t WHERE t.id = other.entry;
    -- What it kept serves for an hour more, to close the provider's session.
    RETURN QUERY SELECT why, ended, CASE WHEN ended > guichet.clock() - interval '1 hour' THEN s.sealed END, other.opened, other.seen, theirs.provider,
        guichet.near(own.ip, theirs.ip), extract(epoch FROM l.idle)::integer, extract(epoch FROM l.lifetime)::integer;
END $$;
