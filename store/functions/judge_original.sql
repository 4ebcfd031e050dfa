-- judge_original decides on, and names, the first document of a report, as
-- received.
CREATE FUNCTION guichet.judge_original(token bytea, wanted uuid) RETURNS guichet.judgement LANGUAGE plpgsql AS $$
DECLARE
    j guichet.judgement;
    v guichet.verdict;
    m guichet.manifest;
    stored guichet.manifest;
    first uuid;
    subject uuid;
BEGIN
    SELECT r.patient INTO subject FROM guichet.report r WHERE r.id = wanted LIMIT 1;
    v := guichet.decide(token, 'read', subject);
    IF v.outcome = 'granted' THEN
        m := guichet.person(v);
        stored := guichet.deposited(wanted);
        SELECT m.kinds || 'document'::text || 'content'::text, m.records || n.id || n.id, m.versions || n.version || n.version, n.id
          INTO m.kinds, m.records, m.versions, first
          FROM unnest(stored.kinds, stored.records, stored.versions) WITH ORDINALITY AS n (kind, id, version, place)
         WHERE n.kind = 'document'
         ORDER BY n.place
         LIMIT 1;
        IF NOT guichet.report_intact(wanted, stored) THEN
            v.outcome := 'failed';
            v.reason := 'altered';
        ELSIF first IS NULL THEN
            v.outcome := 'refused';
            v.reason := 'absent';
        END IF;
    END IF;
    IF v.outcome = 'refused' THEN
        m := ROW(ARRAY['report'], ARRAY[wanted], ARRAY[0]);
    END IF;
    j.event := 'document.read';
    j.verdict := v;
    j.named := m;
    j.entries := '{}';
    RETURN j;
END $$;
