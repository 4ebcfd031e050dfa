-- deposit stores a report with its trace, all or nothing; the reports of one
-- message are deposited by as many calls in one transaction. Rows are written
-- once: a later message for the same order adds a version of the report, and
-- what it does not mention is named again, unless the message is the whole
-- report. Where the report is there already
-- in another version than the caller sealed for, nothing is stored, no entry
-- is left, and the current version is returned.
--
-- orders are the blind indexes of the order numbers and other names, by which
-- the report is found; held those of its parts, by which only they are; groups has one element a
-- panel, an order's index followed by what tells apart the panels under it.
-- parts holds the sealed rows one after the other, in the order of kinds and
-- ids, each as long as lengths says; a document is followed by its content.
CREATE FUNCTION guichet.deposit(token bytea, ip inet[], request uuid,
                                subject uuid, patient_sealed bytea, keyset bytea, fields text[], field_values bytea[],
                                message uuid, message_value bytea, message_sealed bytea,
                                ways text[], way_ids uuid[], way_values bytea[], way_sealed bytea[],
                                wanted uuid, wanted_version integer, report_sealed bytea, orders bytea[], groups bytea[], held bytea[],
                                kinds text[], ids uuid[], group_places integer[], codes bytea[], lengths integer[], parts bytea, whole boolean,
                                OUT entry bigint, OUT report uuid, OUT version integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    v guichet.verdict;
    m guichet.manifest;
    stored guichet.manifest;
    now_ timestamptz := guichet.clock();
BEGIN
    PERFORM guichet.guard(token, ip, request);
    PERFORM guichet.check_parts(groups, kinds, ids, group_places, codes, lengths, octet_length(parts));
    PERFORM guichet.check_patient(subject, patient_sealed, keyset, fields, field_values, message, message_value, message_sealed);
    IF num_nulls(wanted, wanted_version, report_sealed, orders, held, whole) > 0 OR wanted_version < 1
       OR cardinality(orders) NOT BETWEEN 1 AND 500 OR array_position(orders, NULL) IS NOT NULL
       OR cardinality(held) > 5000 OR array_position(held, NULL) IS NOT NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v := guichet.decide(token, 'deposit', NULL);
    v.patient := subject;
    IF v.outcome <> 'granted' THEN
        entry := guichet.leave_trace('report.deposit', v, ROW(ARRAY['message'], ARRAY[message], ARRAY[0]), '{}', NULL, ip, request);
        RETURN;
    END IF;

    SELECT o.report INTO report FROM guichet.report_order o WHERE o.value = ANY (orders) ORDER BY array_position(orders, o.value) LIMIT 1;
    SELECT max(r.version) INTO version FROM guichet.report r WHERE r.id = report;
    IF coalesce(report, wanted) <> wanted OR coalesce(version, 0) + 1 <> wanted_version THEN
        RETURN;
    END IF;
    -- What lay in quarantine must not take the place of what came after it.
    IF v.role = 'operator' AND EXISTS (
        SELECT FROM guichet.quarantine q JOIN guichet.report r ON r.id = report AND r.at > q.at WHERE q.value = message_value) THEN
        RAISE 'newer stored' USING ERRCODE = 'GU006';
    END IF;
    report := wanted;
    version := wanted_version;
    stored := guichet.deposited(wanted);
    -- Found by a name that none of its panels answers, the message would stand
    -- beside what it means to replace.
    IF version > 1 AND NOT whole AND NOT EXISTS (
        SELECT FROM unnest(stored.kinds, stored.records) AS n (kind, id) JOIN guichet.panel p ON p.id = n.id
         WHERE n.kind = 'panel' AND substring(p.order_of FOR 32) IN (SELECT substring(g FOR 32) FROM unnest(groups) g)) THEN
        RAISE 'part of a report' USING ERRCODE = 'GU005';
    END IF;

    IF version > 1 THEN
        v.before := (SELECT t.after FROM guichet.trace t WHERE t.type = 'report.deposit' AND t.records[1] = wanted AND t.outcome = 'granted' ORDER BY t.id DESC LIMIT 1);
    END IF;
    PERFORM guichet.store_patient(subject, patient_sealed, keyset, fields, field_values, message, message_value, message_sealed);
    IF cardinality(ways) > 0 THEN
        PERFORM guichet.store_contact(v, ways, way_ids, way_values, way_sealed, ip, request);
    END IF;
    INSERT INTO guichet.report (id, version, patient, sealed, at) VALUES (wanted, wanted_version, subject, report_sealed, now_) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE 'try again' USING ERRCODE = 'GU004';
    END IF;
    INSERT INTO guichet.report_order (value, report) SELECT DISTINCT o.value, wanted FROM unnest(orders || held) AS o (value) ON CONFLICT DO NOTHING;
    -- Another connection may have made this order's report meanwhile.
    IF (SELECT o.report FROM guichet.report_order o WHERE o.value = ANY (orders) ORDER BY array_position(orders, o.value) LIMIT 1) <> wanted THEN
        RAISE 'try again' USING ERRCODE = 'GU004';
    END IF;

    PERFORM guichet.store_parts(subject, wanted, groups, kinds, ids, group_places, codes, lengths, parts);

    -- The entry names the report first, then all it is made of now.
    SELECT array_agg(n.kind), array_agg(n.id), array_agg(n.version)
      INTO m
      FROM (SELECT 'report'::text AS kind, wanted AS id, wanted_version AS version, 0::bigint AS place
            UNION ALL SELECT 'message', message, 1, 1
            UNION ALL SELECT 'patient', p.id, p.version, 2 FROM guichet.patient p WHERE p.id = subject
            UNION ALL SELECT p.kind, p.id, 1, 10 + p.place FROM unnest(kinds, ids) WITH ORDINALITY AS p (kind, id, place) WHERE p.kind <> 'content'
            UNION ALL SELECT c.kind, c.id, c.version, 10000 + c.place
              FROM unnest(stored.kinds, stored.records, stored.versions) WITH ORDINALITY AS c (kind, id, version, place)
             WHERE NOT whole AND guichet.is_carried(guichet.order_of(c.kind, c.id), groups, stored)
             ORDER BY place) n;
    IF version > 1 THEN
        UPDATE guichet.observation o SET current = false WHERE o.report = wanted AND o.current AND o.id <> ALL (m.records);
    END IF;
    v.after := sha256(sha256(report_sealed) || sha256(parts));
    entry := guichet.leave_trace('report.deposit', v, m, '{}', NULL, ip, request);
END $$;
