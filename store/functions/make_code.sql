-- make_code keeps an activation code for a record that is nobody's own yet, as
-- its hash; those made for it before serve no more (AA6.a).
CREATE FUNCTION guichet.make_code(token bytea, ip inet[], request uuid, subject uuid, code uuid, secret bytea, agrees bytea, lifetime interval)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    made bigint;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    IF num_nulls(subject, code, secret, agrees, lifetime) > 0 OR octet_length(secret) NOT BETWEEN 16 AND 64
       OR lifetime <= interval '0' OR lifetime > interval '90 days' THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'people', NULL);
    IF v.outcome = 'granted' THEN
        SELECT p.id INTO v.patient FROM guichet.patient p WHERE p.id = subject;
        IF v.patient IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        ELSIF guichet.live_self(subject) IS NOT NULL THEN
            v.outcome := 'refused';
            v.reason := 'already-linked';
        END IF;
    END IF;
    m := ROW(ARRAY['code'], ARRAY[code], ARRAY[CASE v.outcome WHEN 'granted' THEN 1 ELSE 0 END]);
    made := guichet.leave_trace('code.make', v, m, '{}', NULL, ip, request);
    IF v.outcome = 'granted' THEN
        INSERT INTO guichet.activation_code_end (code, at, reason, entry)
        SELECT c.id, now_, 'replaced', made FROM guichet.activation_code c
         WHERE c.patient = subject AND NOT EXISTS (SELECT FROM guichet.activation_code_end e WHERE e.code = c.id);
        INSERT INTO guichet.activation_code (id, hash, patient, agrees, at, expires, entry)
        VALUES (code, sha256(secret), subject, make_code.agrees, now_, now_ + lifetime, made);
    END IF;
    RETURN made;
END $$;
