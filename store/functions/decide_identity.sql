-- decide_identity keeps what an operator decided of a person who waits: link, to
-- a patient and on what evidence, or refuse, where subject is NULL. It takes
-- effect when the person next signs in. A record that is somebody's own already
-- is given to another only where replaces says so.
CREATE FUNCTION guichet.decide_identity(token bytea, ip inet[], request uuid, reference text, subject uuid, evidence text, replaces boolean)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    wanted uuid;
    made bigint;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(reference, evidence, replaces) > 0
       OR subject IS NOT NULL AND evidence NOT IN ('identity-document', 'civil-status', 'ins-service', 'records-merged')
       OR subject IS NULL AND evidence NOT IN ('unknown-here', 'not-proved', 'usurpation') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        wanted := guichet.waiting_of(reference);
        v.reason := evidence;
        IF wanted IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        ELSIF subject IS NOT NULL THEN
            SELECT p.id INTO v.patient FROM guichet.patient p WHERE p.id = subject;
            IF v.patient IS NULL THEN
                v.outcome := 'refused';
                v.reason := 'absent';
            ELSIF NOT replaces AND EXISTS (
                SELECT FROM guichet.grants g
                 WHERE g.id = (SELECT guichet.live_self(subject))
                   AND g.account IS DISTINCT FROM (SELECT i.account FROM guichet.waiting_identity w JOIN guichet.identity i ON i.subject = w.subject WHERE w.id = wanted)) THEN
                v.outcome := 'refused';
                v.reason := 'already-linked';
            END IF;
        END IF;
        IF wanted IS NOT NULL THEN
            m := ROW(ARRAY['identity'], ARRAY[wanted], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]);
        END IF;
    END IF;
    made := guichet.leave_trace(CASE WHEN subject IS NULL THEN 'identity.refuse' ELSE 'identity.link' END, v, m, '{}', NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.identity_decision (waiting, decision, patient, evidence, replaces, at, entry)
        VALUES (wanted, CASE WHEN subject IS NULL THEN 'refuse' ELSE 'link' END, subject, decide_identity.evidence, decide_identity.replaces, guichet.clock(), made);
    END IF;
    RETURN made;
END $$;
