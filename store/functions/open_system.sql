-- open_system opens a session for a hospital system, known by its certificate,
-- for an operator at the machine itself, known to the operating system, or for a
-- process of Guichet's own.
CREATE FUNCTION guichet.open_system(token bytea, ip inet[], request uuid, role text, subject bytea, account uuid, name bytea, lifetime interval)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    entry bigint;
    opened uuid := gen_random_uuid();
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(role, subject, account, name, lifetime) > 0 OR role NOT IN ('feed', 'operator', 'witness', 'courier', 'officer')
       OR (role IN ('witness', 'courier')) <> (session_user = 'guichet_sequencer') OR (role = 'officer') <> (session_user = 'guichet_officer') OR octet_length(name) > 4096 OR lifetime NOT BETWEEN interval '1 second' AND interval '24 hours' THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT i.account INTO v.account FROM guichet.identity i WHERE i.subject = open_system.subject;
    IF v.account IS NULL THEN
        v.account := account;
        INSERT INTO guichet.account (id, role, version, sealed, opened) VALUES (v.account, open_system.role, 1, name, now_);
        INSERT INTO guichet.identity (subject, account, issuer)
        VALUES (open_system.subject, v.account, CASE open_system.role WHEN 'feed' THEN 'certificate' ELSE 'system' END) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004';
        END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM guichet.account a WHERE a.id = v.account AND a.role = open_system.role) THEN
        RAISE 'bad request' USING ERRCODE = '22023'; -- a feed's certificate makes no operator
    END IF;
    v.role := role;
    v.outcome := 'granted';
    v.reason := CASE role WHEN 'feed' THEN 'certificate' ELSE 'system-account' END;
    v.session := opened;
    SELECT ARRAY['account'], ARRAY[a.id], ARRAY[a.version] INTO m FROM guichet.account a WHERE a.id = v.account;
    entry := guichet.leave_trace(CASE role WHEN 'feed' THEN 'feed.open' WHEN 'witness' THEN 'witness.open' WHEN 'courier' THEN 'courier.open' WHEN 'officer' THEN 'officer.open' ELSE 'operator.open' END, v, m, '{}', NULL, ip, request);
    INSERT INTO guichet.session (id, token, account, listener, opened, seen, idle, expires, entry)
    VALUES (opened, sha256(open_system.token), v.account, session_user, now_, now_, lifetime, now_ + lifetime, entry);
    RETURN entry;
END $$;
