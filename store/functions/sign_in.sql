-- sign_in opens a session for a person whom a provider has identified, or
-- leaves a refusal. recognise says who they are; a patient's first sign-in must
-- lead to exactly one record, by the five traits, by a code that the hospital
-- handed out or by what an operator decided (G-2.1-1.a); who leads to none waits
-- for one to decide. A professional's makes an account without any grant. The
-- answer is what receive hands over for the entry: nothing, where it was refused.
-- earlier is the token that the browser came with, or empty; evidence, witness,
-- nonce and id_token are what the sign-in rests on (W7); until is when the
-- provider's own session is over, or NULL.
CREATE FUNCTION guichet.sign_in(token bytea, ip inet[], request uuid, provider text, issuer text, person bytea, traits bytea, state bytea,
                                role text, account uuid, name bytea, earlier bytea,
                                evidence uuid, witness bytea, nonce bytea, id_token bytea,
                                given bytea[], waiting uuid, reference text, proof bytea, code bytea, agrees bytea[], until timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    r guichet.recognition;
    v guichet.verdict;
    m guichet.manifest;
    opened uuid := gen_random_uuid();
    new_grant uuid;
    last bigint;
    entry bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(provider, issuer, person, traits, state, role, account, name, earlier, evidence, witness, nonce, id_token, given, waiting, reference, proof, agrees) > 0
       OR role NOT IN ('patient', 'physician', 'nurse', 'professional') OR provider NOT IN ('franceconnect', 'psc')
       OR (role = 'patient') <> (provider = 'franceconnect') OR (code IS NOT NULL AND role <> 'patient')
       OR octet_length(earlier) NOT IN (0, 32) OR octet_length(name) > 4096 OR length(issuer) > 512 OR octet_length(id_token) > 65536
       OR cardinality(given) > 100 OR cardinality(agrees) > 100 OR octet_length(proof) > 4096 OR length(reference) > 32 OR octet_length(code) > 64 THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;

    -- One answer of the provider opens one session (AA10). With a code it may be
    -- brought again until the code is right.
    IF code IS NULL THEN
        INSERT INTO guichet.sign_in_attempt (state, at) VALUES (sign_in.state, now_) ON CONFLICT DO NOTHING;
    ELSE
        PERFORM FROM guichet.sign_in_attempt o WHERE o.state = sign_in.state;
    END IF;
    IF FOUND = (code IS NOT NULL) THEN
        v.outcome := 'refused';
        v.reason := 'state-used';
        v.role := role;
        SELECT i.account INTO v.account FROM guichet.identity i WHERE i.subject = person;
        RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
    END IF;

    -- And so does one token of it (W7).
    IF EXISTS (SELECT FROM guichet.evidence x WHERE x.nonce = sign_in.nonce) THEN
        v.outcome := 'refused';
        v.role := role;
        v.reason := 'token-used';
        RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
    END IF;

    r := guichet.recognise(person, role, traits, given, code, agrees);
    v := r.verdict;
    IF v.reason IN ('account-unused', 'account-unreviewed') THEN
        PERFORM guichet.suspend_idle(v, ip, request, substr(v.reason, 9));
        v.reason := 'account-suspended';
    END IF;
    IF v.outcome <> 'granted' THEN
        entry := guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
        IF v.reason IN ('no-match', 'several-matches', 'given-names', 'already-linked', 'traits-changed', 'code-traits') THEN
            PERFORM guichet.wait_identity(waiting, reference, person, traits, v.reason, proof, entry);
        END IF;
        RETURN entry;
    END IF;
    IF v.account IS NULL THEN
        v.account := account;
        INSERT INTO guichet.account (id, role, version, sealed, opened) VALUES (v.account, sign_in.role, 1, name, now_);
        INSERT INTO guichet.identity (subject, account, issuer) VALUES (person, v.account, sign_in.issuer) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004'; -- the same person came in by another door just now
        END IF;
    END IF;
    IF code IS NOT NULL THEN
        INSERT INTO guichet.sign_in_attempt (state, at) VALUES (sign_in.state, now_) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE 'try again' USING ERRCODE = 'GU004'; -- the form was sent twice
        END IF;
    END IF;
    IF v.patient IS NOT NULL THEN
        new_grant := gen_random_uuid();
    END IF;

    SELECT max(t.id) INTO last FROM guichet.trace t WHERE t.account = v.account AND t.type = 'sign-in' AND t.outcome = 'granted';
    v.session := opened;
    m := ROW(ARRAY['account', 'evidence'], ARRAY[v.account, evidence], ARRAY[guichet.account_version_of(v.account), 1]);
    IF new_grant IS NOT NULL THEN
        m := ROW(m.kinds || 'grant'::text, m.records || new_grant, m.versions || 1);
    END IF;
    entry := guichet.leave_trace('sign-in', v, m, array_remove(ARRAY[last, guichet.refused_since(v.account, last)], NULL), provider, ip, request);
    IF NOT guichet.keep_evidence(evidence, entry, opened, v.account, provider, witness, nonce, id_token) THEN
        RAISE 'try again' USING ERRCODE = 'GU004'; -- the same token came in by another door just now
    END IF;
    r.verdict := v;
    IF new_grant IS NOT NULL THEN
        PERFORM guichet.link_account(r, new_grant, entry);
    END IF;
    PERFORM guichet.accept_traits(r, person, traits, entry);
    PERFORM guichet.begin_session(opened, token, v.account, person, earlier, entry, last, until, ip, request);
    RETURN entry;
END $$;
