WITH who AS (SELECT id FROM guichet.bench_patient WHERE n = :n),
find AS (INSERT INTO guichet.trace (at, type, outcome, reason, account, role, patient, kinds, records, versions, entries, ip, login, session, request, xid, context, bytes)
    SELECT clock_timestamp(), 'patient.find', 'granted', 'known', gen_random_uuid(), 'feed', who.id, ARRAY['patient'], ARRAY[who.id], ARRAY[1], '{}',
           '127.0.0.1', session_user, gen_random_uuid(), gen_random_uuid(), pg_current_xact_id(),
           convert_to(repeat('x', 330), 'UTF8'), convert_to(repeat('x', 560), 'UTF8') FROM who),
m AS (INSERT INTO guichet.message (id, version, value, patient, sealed, at)
    SELECT gen_random_uuid(), 1, sha256(gen_random_uuid()::text::bytea), who.id, :message::bytea, clock_timestamp() FROM who RETURNING id),
r AS (INSERT INTO guichet.report (id, version, patient, sealed, at)
    SELECT gen_random_uuid(), 1, who.id, :report::bytea, clock_timestamp() FROM who RETURNING id, patient),
o AS (INSERT INTO guichet.report_order (value, report)
    SELECT sha256(gen_random_uuid()::text::bytea), r.id FROM r, generate_series(1, $orders)),
p AS (INSERT INTO guichet.panel (id, version, report, patient, order_of, position, sealed)
    SELECT gen_random_uuid(), 1, r.id, r.patient, sha256(gen_random_uuid()::text::bytea), part.place, part.body FROM r, (VALUES $panels) AS part (place, body) RETURNING id),
b AS (INSERT INTO guichet.observation (id, version, report, patient, order_of, position, code, current, sealed)
    SELECT gen_random_uuid(), 1, r.id, r.patient, sha256(gen_random_uuid()::text::bytea), part.place, sha256(gen_random_uuid()::text::bytea), true, part.body
      FROM r, (VALUES $observations) AS part (place, body) RETURNING id),
d AS (INSERT INTO guichet.document (id, version, report, patient, order_of, position, sealed, content)
    SELECT gen_random_uuid(), 1, r.id, r.patient, sha256(gen_random_uuid()::text::bytea), 1, :document::bytea, :content::bytea FROM r RETURNING id),
named AS (SELECT 'report' AS kind, id, 0 AS place FROM r UNION ALL SELECT 'message', id, 1 FROM m UNION ALL SELECT 'panel', id, 2 FROM p
    UNION ALL SELECT 'observation', id, 3 FROM b UNION ALL SELECT 'document', id, 4 FROM d)
INSERT INTO guichet.trace (at, type, outcome, reason, account, role, patient, kinds, records, versions, entries, ip, login, session, request, xid, context, bytes)
SELECT clock_timestamp(), 'report.deposit', 'granted', 'feed', gen_random_uuid(), 'feed', who.id, list.kinds, list.records, list.versions, '{}',
       '127.0.0.1', session_user, gen_random_uuid(), gen_random_uuid(), pg_current_xact_id(),
       convert_to(repeat('x', 330), 'UTF8'), convert_to(repeat('x', 480 + 50 * cardinality(list.records)), 'UTF8')
  FROM who, (SELECT array_agg(kind ORDER BY place) AS kinds, array_agg(id ORDER BY place) AS records, array_agg(1 ORDER BY place) AS versions FROM named) list;
