-- The page with its trace left out, for a scratch database only: what would be
-- written without a reference monitor. The session and the grant are decided
-- once; no entry is left, none is waited for or looked at, nothing is compared
-- with what was last traced; the rows are selected by report.
CREATE OR REPLACE FUNCTION guichet.ask_report(token bytea, ip inet[], request uuid, wanted uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
    subject uuid;
BEGIN
    PERFORM guichet.guard(token, ip, request);
    SELECT r.patient INTO subject FROM guichet.report r WHERE r.id = wanted LIMIT 1;
    v := guichet.decide(token, 'read', subject);
    IF v.outcome <> 'granted' THEN
        RETURN 0;
    END IF;
    PERFORM guichet.touch(v.session, v.seen);
    -- A number that stands for the report, since receive takes one.
    RETURN (SELECT t.id FROM guichet.trace t WHERE t.type = 'report.deposit' AND t.records[1] = wanted ORDER BY t.id DESC LIMIT 1);
END $$;

-- The same for readers who wait for one another.
CREATE OR REPLACE FUNCTION guichet.ask_many(asked text[], tokens bytea[], ips inet[], peers inet[], requests uuid[], ids uuid[], numbers bigint[], codes bytea[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    entries bigint[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(asked) LOOP
        entries := entries || guichet.ask_report(tokens[i], ips[i], requests[i], ids[i]);
    END LOOP;
    RETURN entries;
END $$;

CREATE OR REPLACE FUNCTION guichet.receive(token bytea, wanted bigint)
RETURNS TABLE (kind text, id uuid, version integer, patient uuid, report uuid, order_of bytea, place integer, at timestamptz,
               keyset bytea, sealed bytea, entry bigint, event text, outcome text, role text, ground text, provider text,
               own boolean, number integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    named uuid;
    subject uuid;
    digest bytea := sha256(receive.token);
BEGIN
    SELECT t.records[1], t.patient INTO named, subject FROM guichet.trace t WHERE t.id = wanted;
    RETURN QUERY
    SELECT 'account', a.id, a.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, s.seen + interval '15 minutes', NULL::bytea, a.sealed,
           wanted, NULL, NULL, a.role, NULL, NULL, true, NULL::integer
      FROM guichet.session s JOIN guichet.account a ON a.id = s.account
     WHERE s.token = digest
    UNION ALL
    SELECT 'patient', p.id, p.version, p.id, NULL, NULL, 0, p.opened, p.keyset, p.sealed, wanted, NULL, NULL, NULL, 'self', NULL, NULL, NULL
      FROM guichet.patient p
     WHERE p.id = subject
    UNION ALL
    (SELECT 'report', r.id, r.version, r.patient, r.id, NULL, 0, r.at, NULL, r.sealed, wanted, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM guichet.report r
     WHERE r.id = named
     ORDER BY r.version DESC
     LIMIT 1)
    UNION ALL
    SELECT 'panel', p.id, p.version, p.patient, p.report, p.order_of, p.position, NULL, NULL, p.sealed, wanted, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM guichet.panel p
     WHERE p.report = named
    UNION ALL
    SELECT 'observation', o.id, o.version, o.patient, o.report, o.order_of, o.position, NULL, NULL, o.sealed, wanted, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM guichet.observation o
     WHERE o.report = named AND o.current
    UNION ALL
    SELECT 'previous', e.id, e.version, e.patient, e.report, e.order_of, e.position, NULL, NULL, e.sealed, wanted, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM (SELECT o.code, max(o.id::text)::uuid AS id FROM guichet.observation o WHERE o.report = named AND o.current GROUP BY o.code) own
     CROSS JOIN LATERAL ( -- the same as previous_of
           (SELECT p.* FROM guichet.observation p
             WHERE p.patient = subject AND p.code = own.code AND p.current AND p.id < own.id AND p.report <> named
             ORDER BY p.id DESC LIMIT 3)
           UNION ALL
           (SELECT p.* FROM guichet.observation p
             WHERE p.patient = subject AND p.code = own.code AND p.current AND p.id > own.id AND p.report <> named
             ORDER BY p.id LIMIT 2)) e
    UNION ALL
    SELECT 'document', d.id, d.version, d.patient, d.report, d.order_of, d.position, NULL, NULL, d.sealed, wanted, NULL, NULL, NULL, NULL, NULL, NULL, NULL
      FROM guichet.document d
     WHERE d.report = named;
END $$;
