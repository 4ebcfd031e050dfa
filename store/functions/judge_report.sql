-- judge_report decides on, and names, one report with its results, those that
-- they took the place of, and earlier results of the same analyses. Missing and forbidden leave the same to the
-- caller (DT3).
CREATE FUNCTION guichet.judge_report(token bytea, wanted uuid) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    stored guichet.manifest;
    superseded guichet.manifest;
    earlier guichet.manifest;
    subject uuid;
BEGIN
    SELECT r.patient INTO subject FROM guichet.report r WHERE r.id = wanted LIMIT 1;
    v := guichet.decide(token, 'read', subject);
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        stored := guichet.deposited(wanted);
        superseded := guichet.superseded_in(wanted, stored);
        earlier := guichet.previous_of(wanted, stored, subject);
        -- A deposit names report, message and patient first, then the parts.
        m.kinds := m.kinds || stored.kinds[1:1] || stored.kinds[4:] || superseded.kinds || earlier.kinds;
        m.records := m.records || stored.records[1:1] || stored.records[4:] || superseded.records || earlier.records;
        m.versions := m.versions || stored.versions[1:1] || stored.versions[4:] || superseded.versions || earlier.versions;
        IF stored.kinds[1:3] <> ARRAY['report', 'message', 'patient'] OR NOT guichet.report_intact(wanted, stored) THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        END IF;
    ELSE
        m := ROW(ARRAY['report'], ARRAY[wanted], ARRAY[0]); -- what was tried (TR1.d)
    END IF;
    j.event := 'report.read';
    j.verdict := v;
    j.named := m;
    j.entries := '{}';
    RETURN j;
END $$;
