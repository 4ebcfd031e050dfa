-- keep_evidence keeps the ID token that a sign-in rests on, and says whether it
-- is new: a token that served before opens nothing (W7).
CREATE FUNCTION guichet.keep_evidence(evidence uuid, entry bigint, session uuid, account uuid, provider text, witness bytea, nonce bytea, proof bytea)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO guichet.evidence (id, version, entry, session, account, provider, witness, nonce, sealed, at)
    VALUES (keep_evidence.evidence, 1, keep_evidence.entry, keep_evidence.session, keep_evidence.account, keep_evidence.provider,
            keep_evidence.witness, keep_evidence.nonce, proof, guichet.clock())
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;
