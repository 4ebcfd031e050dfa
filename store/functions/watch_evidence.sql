-- watch_evidence tells somebody when sign-ins stay unchecked: the checks are
-- stopped, or held up (W7).
CREATE FUNCTION guichet.watch_evidence() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    oldest uuid;
BEGIN
    oldest := (guichet.unchecked_evidence(NULL, guichet.clock() - interval '5 minutes', 1))[1];
    IF oldest IS NOT NULL THEN
        PERFORM guichet.raise_alert('sign-in-unchecked', sha256('sign-in-unchecked'), (SELECT e.entry FROM guichet.evidence e WHERE e.id = oldest));
    END IF;
END $$;
