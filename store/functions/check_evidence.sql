-- check_evidence keeps what came of checking a sign-in's ID token. finding says
-- whether the provider signed it for us; whose it is, and that it belongs to
-- this sign-in, is compared here. A session that its evidence does not bear
-- ends, and somebody is told (W7).
CREATE FUNCTION guichet.check_evidence(token bytea, ip inet[], request uuid, evidence uuid, finding text, witness bytea, nonce bytea, issued timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    e guichet.evidence;
    signed_in guichet.trace;
    forged guichet.session;
    entry bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(evidence, finding, witness, nonce, issued) > 0 OR finding NOT IN ('signed', 'not-signed', 'does-not-open') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'evidence', NULL);
    IF v.outcome <> 'granted' THEN
        RETURN guichet.leave_trace('sign-in.check', v, NULL, '{}', NULL, ip, request);
    END IF;
    SELECT * INTO e FROM guichet.evidence x WHERE x.id = evidence;
    IF NOT FOUND THEN
        v.outcome := 'refused';
        v.reason := 'absent';
        RETURN guichet.leave_trace('sign-in.check', v, NULL, '{}', NULL, ip, request);
    END IF;
    SELECT * INTO signed_in FROM guichet.trace t WHERE t.id = e.entry;
    v.reason := CASE
        WHEN finding <> 'signed' THEN finding
        WHEN witness <> e.witness OR nonce <> e.nonce THEN 'another-token'
        -- Somebody may type a code for ten minutes, with the token at hand.
        WHEN issued NOT BETWEEN signed_in.at - interval '15 minutes' AND signed_in.at + interval '1 minute' THEN 'another-time'
        WHEN NOT guichet.is_witnessed(e) THEN 'another-person'
        ELSE 'proven'
    END;
    IF v.reason <> 'proven' THEN
        v.outcome := 'refused';
    END IF;
    entry := guichet.leave_trace('sign-in.check', v, ROW(ARRAY['evidence', 'account'], ARRAY[e.id, e.account], ARRAY[1, guichet.account_version_of(e.account)])::guichet.manifest,
        ARRAY[e.entry], e.provider, ip, request);
    INSERT INTO guichet.evidence_check (evidence, at, proven, entry) VALUES (e.id, guichet.clock(), v.outcome = 'granted', entry) ON CONFLICT DO NOTHING;
    IF FOUND AND v.outcome <> 'granted' THEN
        PERFORM guichet.raise_alert('sign-in-unproven', sha256(uuid_send(e.account)), entry);
        SELECT * INTO forged FROM guichet.session o WHERE o.id = e.session;
        IF NOT EXISTS (SELECT FROM guichet.session_end x WHERE x.session = e.session) THEN
            PERFORM guichet.leave_end(forged, guichet.clock(), 'admin', ip, request);
        END IF;
    END IF;
    RETURN entry;
END $$;
