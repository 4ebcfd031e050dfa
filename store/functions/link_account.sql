-- link_account makes a record an account's own, under the entry that says by
-- what, and uses up what led there.
CREATE FUNCTION guichet.link_account(r guichet.recognition, new_grant uuid, entry bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict := r.verdict;
    now_ timestamptz := guichet.clock();
    before uuid := guichet.live_self((r.verdict).patient);
BEGIN
    IF before IS NOT NULL THEN
        IF NOT r.replaces THEN
            RAISE 'try again' USING ERRCODE = 'GU004';
        END IF;
        INSERT INTO guichet.grant_end (grant_id, at, reason) VALUES (before, now_, 'relinked');
    END IF;
    INSERT INTO guichet.grants (id, account, patient, kind, purpose, starts, made_by, entry, turn, evidence)
    SELECT new_grant, v.account, v.patient, 'self', 'own-record', now_, v.account, link_account.entry, 1 + count(*), r.evidence
      FROM guichet.grants g
     WHERE g.patient = v.patient AND g.kind = 'self' AND EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id) -- one that lives keeps its turn taken
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE 'try again' USING ERRCODE = 'GU004'; -- two people came to the same record at once
    END IF;
    IF r.code IS NOT NULL THEN
        INSERT INTO guichet.activation_code_end (code, at, reason, entry) VALUES (r.code, now_, 'used', link_account.entry);
    END IF;
END $$;
