-- judge_report decides on, and names, one report with its results, and earlier
-- results of the same analyses. Missing and forbidden leave the same to the
-- caller (DT3).
CREATE FUNCTION guichet.judge_report(token bytea, wanted uuid) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    stored guichet.manifest;
    earlier guichet.manifest;
    subject uuid;
BEGIN
    SELECT r.patient INTO subject FROM guichet.report r WHERE r.id = wanted LIMIT 1;
    v := guichet.decide(token, 'read', subject);
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        stored := guichet.deposited(wanted);
        earlier := guichet.previous_of(wanted, stored, subject);
        SELECT m.kinds || array_agg(n.kind ORDER BY n.place), m.records || array_agg(n.id ORDER BY n.place), m.versions || array_agg(n.version ORDER BY n.place)
          INTO m
          FROM unnest(stored.kinds || earlier.kinds, stored.records || earlier.records, stored.versions || earlier.versions)
               WITH ORDINALITY AS n (kind, id, version, place)
         WHERE n.kind IN ('report', 'panel', 'observation', 'document', 'previous');
        IF NOT guichet.report_intact(wanted, stored) THEN
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
