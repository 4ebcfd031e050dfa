-- wait_identity keeps a person who led to no record for an operator to decide
-- on, once for the same traits, for ninety days.
CREATE FUNCTION guichet.wait_identity(waiting uuid, reference text, person bytea, traits bytea, reason text, proof bytea, entry bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    IF EXISTS (SELECT FROM guichet.waiting_identity w WHERE w.subject = person AND w.traits = wait_identity.traits AND w.expires > now_
                  AND coalesce((SELECT d.decision FROM guichet.identity_decision d WHERE d.waiting = w.id ORDER BY d.entry DESC LIMIT 1), 'refuse') = 'refuse') THEN
        RETURN;
    END IF;
    INSERT INTO guichet.waiting_identity (id, reference, subject, traits, reason, sealed, at, expires, entry)
    VALUES (waiting, wait_identity.reference, person, wait_identity.traits, wait_identity.reason, proof, now_, now_ + interval '90 days', wait_identity.entry);
END $$;
