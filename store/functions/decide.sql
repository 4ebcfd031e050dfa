-- decide is the only function that says yes. Refusals come first; what is not
-- named is refused. subject is the patient whose record is asked for, and NULL
-- for what is nobody's record.
CREATE FUNCTION guichet.decide(token bytea, action text, subject uuid) RETURNS guichet.verdict LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    s guichet.session;
    kinds text[];
    tombstone text;
    holder uuid;
    state text;
    now_ timestamptz := guichet.clock();
    digest bytea := sha256(token); -- once, not for each row that is looked at
BEGIN
    v.outcome := 'refused';
    v.patient := subject;
    -- A session serves the listener that opened it and no other (W8).
    -- The limits are those of now (AA13.c), and only one of an account's sessions
    -- has the turn (AA8.a).
    SELECT o.id, o.account, o.opened, o.seen, coalesce(o.idle, l.idle), least(coalesce(o.expires, o.opened + l.lifetime), o.until), a.role,
           (SELECT e.reason FROM guichet.session_end e WHERE e.session = o.id ORDER BY e.at LIMIT 1),
           CASE WHEN o.expires IS NULL THEN (SELECT t.session FROM guichet.session_turn t WHERE t.account = o.account ORDER BY t.turn DESC LIMIT 1) ELSE o.id END,
           (SELECT c.state FROM guichet.account_state c WHERE c.account = o.account ORDER BY c.entry DESC LIMIT 1)
      INTO s.id, s.account, s.opened, s.seen, s.idle, s.expires, v.role, tombstone, holder, state
      FROM guichet.session o JOIN guichet.account a ON a.id = o.account CROSS JOIN guichet.session_limit l
     WHERE o.token = digest AND o.listener = session_user;
    IF NOT FOUND THEN
        v.reason := 'no-session';
        RETURN v;
    END IF;
    v.session := s.id;
    v.account := s.account;
    v.seen := s.seen;
    IF guichet.session_end_of(s, tombstone, holder) IS NOT NULL THEN
        v.reason := 'session-over';
        RETURN v;
    END IF;
    IF state <> 'active' THEN -- whatever sessions it still has (GA4.c)
        v.reason := 'account-' || state;
        RETURN v;
    END IF;

    IF action = 'account' AND v.role IN ('patient', 'physician', 'nurse', 'professional') AND subject IS NULL THEN
        v.outcome := 'granted';
        v.reason := 'own-account';
        RETURN v;
    END IF;
    IF action = 'deposit' AND v.role IN ('feed', 'operator') AND subject IS NULL THEN
        v.outcome := 'granted';
        v.reason := v.role;
        RETURN v;
    END IF;
    IF action IN ('quarantine', 'setting', 'people') AND v.role = 'operator' AND subject IS NULL THEN
        v.outcome := 'granted';
        v.reason := v.role;
        RETURN v;
    END IF;
    IF action = 'evidence' AND v.role = 'witness' AND subject IS NULL THEN
        v.outcome := 'granted';
        v.reason := v.role;
        RETURN v;
    END IF;
    IF action = 'traces' AND v.role = 'officer' AND subject IS NULL THEN -- and nothing else (TR3.d)
        v.outcome := 'granted';
        v.reason := v.role;
        RETURN v;
    END IF;
    IF action = 'range' AND v.role IN ('officer', 'courier') AND subject IS NULL THEN -- a courier takes the log in its order outside, and looks for nobody
        v.outcome := 'granted';
        v.reason := v.role;
        RETURN v;
    END IF;
    IF action IS NULL OR action <> 'read' THEN
        v.reason := 'action';
        RETURN v;
    END IF;
    IF subject IS NULL THEN
        v.reason := 'absent';
        RETURN v;
    END IF;

    kinds := CASE v.role
        WHEN 'patient' THEN ARRAY['self', 'mandate']
        WHEN 'physician' THEN ARRAY['share', 'care', 'emergency']
        WHEN 'nurse' THEN ARRAY['share', 'care', 'emergency']
        WHEN 'professional' THEN ARRAY['share', 'care', 'emergency']
        ELSE ARRAY[]::text[]
    END;
    SELECT g.id, g.kind, g.purpose INTO v.grant_id, v.ground, v.purpose
      FROM guichet.grants g
     WHERE g.account = v.account AND g.patient = subject AND g.kind = ANY (kinds)
       AND g.starts <= now_ AND (g.ends IS NULL OR g.ends > now_)
       AND NOT EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id)
     ORDER BY array_position(kinds, g.kind), g.starts, g.id
     LIMIT 1;
    IF v.grant_id IS NULL THEN
        v.reason := 'no-grant';
        RETURN v;
    END IF;
    v.outcome := 'granted';
    v.reason := 'grant';
    RETURN v;
END $$;
