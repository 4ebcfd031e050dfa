-- sign_in opens a session for a person whom a provider has identified, or
-- leaves a refusal. A person already linked is found by issuer and subject; a
-- patient's first sign-in must match exactly one record by the five traits
-- (G-2.1-1.a); a professional's makes an account without any grant. The answer
-- is what receive hands over for the entry: nothing, where it was refused.
-- earlier is the token that the browser came with, or empty.
CREATE FUNCTION guichet.sign_in(token bytea, ip inet, request uuid, provider text, issuer text, person bytea, traits bytea, state bytea,
                                role text, account uuid, name bytea, earlier bytea,
                                evidence uuid, witness bytea, nonce bytea, proof bytea)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    opened uuid := gen_random_uuid();
    matched uuid[];
    new_grant uuid;
    last bigint;
    entry bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(provider, issuer, person, traits, state, role, account, name, earlier, evidence, witness, nonce, proof) > 0
       OR role NOT IN ('patient', 'physician', 'nurse', 'professional') OR provider NOT IN ('franceconnect', 'psc')
       OR (role = 'patient') <> (provider = 'franceconnect')
       OR octet_length(earlier) NOT IN (0, 32) OR octet_length(name) > 4096 OR length(issuer) > 512 OR octet_length(proof) > 65536 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v.outcome := 'refused';
    v.role := role;
    SELECT i.account INTO v.account FROM guichet.identity i WHERE i.subject = person;

    -- One answer of the provider opens one session (AA10).
    INSERT INTO guichet.sign_in_attempt (state, at) VALUES (sign_in.state, now_) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        v.reason := 'state-used';
        RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
    END IF;

    -- And so does one token of it (W7).
    IF EXISTS (SELECT FROM guichet.evidence x WHERE x.nonce = sign_in.nonce) THEN
        v.reason := 'token-used';
        RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
    END IF;

    IF v.account IS NULL AND role = 'patient' THEN
        matched := guichet.match_patient(traits);
        IF cardinality(matched) IS NULL OR cardinality(matched) <> 1 THEN
            v.reason := CASE WHEN matched IS NULL THEN 'no-match' ELSE 'several-matches' END;
            RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
        END IF;
        IF EXISTS (SELECT FROM guichet.grants g WHERE g.patient = matched[1] AND g.kind = 'self') THEN
            -- To this subject, a moment ago, or to another: never guess which is right.
            SELECT i.account INTO v.account FROM guichet.identity i WHERE i.subject = person;
            IF v.account IS NULL THEN
                v.reason := 'already-linked';
                RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
            END IF;
        END IF;
    END IF;

    IF v.account IS NULL THEN
        v.account := account;
        INSERT INTO guichet.account (id, role, version, sealed, opened) VALUES (v.account, sign_in.role, 1, name, now_);
        INSERT INTO guichet.identity (subject, account, issuer) VALUES (person, v.account, sign_in.issuer) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004'; -- the same person came in by another door just now
        END IF;
        IF matched IS NOT NULL THEN
            v.patient := matched[1];
            new_grant := gen_random_uuid();
        END IF;
        v.reason := 'first';
    ELSE
        SELECT a.role INTO v.role FROM guichet.account a WHERE a.id = v.account;
        IF v.role <> role THEN
            v.reason := 'other-role';
            RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
        END IF;
        v.reason := 'known';
    END IF;

    SELECT max(t.id) INTO last FROM guichet.trace t WHERE t.account = v.account AND t.type = 'sign-in' AND t.outcome = 'granted';
    v.outcome := 'granted';
    v.session := opened;
    SELECT ARRAY['account', 'evidence'], ARRAY[a.id, evidence], ARRAY[a.version, 1] INTO m FROM guichet.account a WHERE a.id = v.account;
    IF new_grant IS NOT NULL THEN
        m := ROW(m.kinds || 'grant'::text, m.records || new_grant, m.versions || 1);
    END IF;
    entry := guichet.leave_trace('sign-in', v, m, array_remove(ARRAY[last, guichet.refused_since(v.account, last)], NULL), provider, ip, request);
    IF NOT guichet.keep_evidence(evidence, entry, opened, v.account, provider, witness, nonce, proof) THEN
        RAISE 'try again' USING ERRCODE = 'GU004'; -- the same token came in by another door just now
    END IF;
    IF new_grant IS NOT NULL THEN
        INSERT INTO guichet.grants (id, account, patient, kind, purpose, starts, made_by, entry)
        VALUES (new_grant, v.account, v.patient, 'self', 'own-record', now_, v.account, entry)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004'; -- two people matched the same record at once
        END IF;
    END IF;
    PERFORM guichet.begin_session(opened, token, v.account, person, earlier, entry, last, ip, request);
    RETURN entry;
END $$;
