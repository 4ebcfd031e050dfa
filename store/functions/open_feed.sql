-- open_feed opens a session for a hospital system, known by its certificate.
CREATE FUNCTION guichet.open_feed(token bytea, ip inet, request uuid, certificate bytea, account uuid, name bytea, lifetime interval)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    entry bigint;
    opened uuid := gen_random_uuid();
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(certificate, account, name, lifetime) > 0 OR octet_length(name) > 4096 OR lifetime <= interval '0' THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT i.account INTO v.account FROM guichet.identity i WHERE i.subject = certificate;
    IF v.account IS NULL THEN
        v.account := account;
        INSERT INTO guichet.account (id, role, version, sealed, opened) VALUES (v.account, 'feed', 1, name, now_);
        INSERT INTO guichet.identity (subject, account, issuer) VALUES (certificate, v.account, 'certificate') ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004';
        END IF;
    END IF;
    v.role := 'feed';
    v.outcome := 'granted';
    v.reason := 'certificate';
    v.session := opened;
    SELECT ARRAY['account'], ARRAY[a.id], ARRAY[a.version] INTO m FROM guichet.account a WHERE a.id = v.account;
    entry := guichet.leave_trace('feed.open', v, m, '{}', NULL, ip, request);
    INSERT INTO guichet.session (id, token, account, listener, opened, seen, idle, expires, entry)
    VALUES (opened, sha256(open_feed.token), v.account, session_user, now_, now_, lifetime, now_ + lifetime, entry);
    RETURN entry;
END $$;
