-- receive hands over what a committed, durable and granted entry of the same
-- session names, within seconds of it, after deciding once more. The entry is
-- the delivery note: what it does not name cannot leave. No other function
-- returns personal data (L4).
CREATE FUNCTION guichet.receive(token bytea, wanted bigint)
RETURNS TABLE (kind text, id uuid, version integer, patient uuid, report uuid, order_of bytea, place integer, at timestamptz,
               keyset bytea, sealed bytea, entry bigint, event text, outcome text, role text, ground text, provider text,
               own boolean, number integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e guichet.trace;
    v guichet.verdict;
    now_ timestamptz;
    allowed text[];
    n record;
BEGIN
    IF receive.token IS NULL OR octet_length(receive.token) <> 32 OR wanted IS NULL THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'read committed only' USING ERRCODE = '25000'; -- W3
    END IF;
    -- With an id of its own this transaction could have left the entry itself,
    -- and could still take it back.
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RETURN;
    END IF;

    now_ := guichet.clock();
    SELECT * INTO e FROM guichet.trace t WHERE t.id = wanted AND t.at <= now_ AND t.at > now_ - interval '5 seconds'; -- W1
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM guichet.await_durable();

    v := guichet.decide(receive.token,
        CASE WHEN e.type IN ('report.list', 'report.read', 'document.read', 'trend.read', 'access-log.read', 'access-log.proof') THEN 'read'
             WHEN e.type IN ('home.read', 'account.read') AND e.patient IS NOT NULL THEN 'read'
             WHEN e.type IN ('home.read', 'account.read', 'sign-in') THEN 'account'
             WHEN e.type IN ('quarantine.list', 'quarantine.read') THEN 'quarantine'
             WHEN e.type IN ('patient.lookup', 'code.list', 'identity.list', 'identity.read', 'account.list', 'affected.read') THEN 'people'
             WHEN e.type = 'network.list' THEN 'setting'
             WHEN e.type = 'patient.find' THEN 'deposit'
             WHEN e.type = 'trace.range' THEN 'range'
             WHEN e.type = 'trace.read' THEN 'traces'
             WHEN e.type = 'evidence.read' THEN 'evidence' END,
        CASE WHEN e.type IN ('sign-in', 'patient.find', 'patient.lookup', 'account.list', 'affected.read', 'trace.read') THEN NULL ELSE e.patient END);
    IF v.session IS NULL OR e.session IS NULL OR v.session <> e.session THEN
        RETURN;
    END IF;
    IF v.reason IN ('session-over', 'account-suspended', 'account-blocked', 'account-closed') THEN
        RAISE 'session is over' USING ERRCODE = 'GU001';
    END IF;
    IF e.outcome = 'failed' THEN
        RAISE 'stored data does not match its trace' USING ERRCODE = 'GU003';
    END IF;
    IF v.outcome <> 'granted' THEN
        RETURN;
    END IF;
    IF e.type = 'patient.find' THEN -- the verdict itself is the answer to a feed
        RETURN QUERY SELECT 'verdict', NULL::uuid, NULL::integer, NULL::uuid, NULL::uuid, NULL::bytea, NULL::integer, e.at, NULL::bytea, NULL::bytea,
            e.id, e.reason, e.outcome, NULL, NULL, NULL, NULL::boolean, NULL::integer;
    END IF;
    -- The same grant as when it was asked (W5): one that ended and came back in
    -- another form was not what the entry records.
    IF e.outcome <> 'granted' OR coalesce(v.grant_id, '00000000-0000-0000-0000-000000000000') <> coalesce(e.grant_id, '00000000-0000-0000-0000-000000000000') THEN
        RETURN;
    END IF;

    -- What leaves depends on the entry's type (W6).
    allowed := CASE e.type
        WHEN 'sign-in' THEN ARRAY['account', 'trace']
        WHEN 'home.read' THEN ARRAY['account', 'patient', 'report', 'trace']
        WHEN 'report.list' THEN ARRAY['account', 'patient', 'report']
        WHEN 'report.read' THEN ARRAY['account', 'patient', 'report', 'panel', 'observation', 'superseded', 'previous', 'document']
        WHEN 'document.read' THEN ARRAY['account', 'patient', 'document', 'content']
        WHEN 'trend.read' THEN ARRAY['account', 'patient', 'report', 'observation']
        WHEN 'account.read' THEN ARRAY['account', 'patient', 'trace']
        WHEN 'access-log.read' THEN ARRAY['account', 'patient', 'report', 'trace', 'access-count', 'access-months']
        WHEN 'access-log.proof' THEN ARRAY['account', 'patient', 'report', 'trace', 'entry']
        WHEN 'trace.range' THEN ARRAY['entry', 'context']
        WHEN 'trace.read' THEN ARRAY['entry', 'context']
        WHEN 'patient.find' THEN ARRAY['patient', 'message']
        WHEN 'quarantine.list' THEN ARRAY['account', 'quarantine-head']
        WHEN 'quarantine.read' THEN ARRAY['quarantine']
        WHEN 'evidence.read' THEN ARRAY['evidence']
        WHEN 'patient.lookup' THEN ARRAY['patient']
        WHEN 'code.list' THEN ARRAY['account', 'code']
        WHEN 'identity.list' THEN ARRAY['account', 'identity-head']
        WHEN 'identity.read' THEN ARRAY['identity']
        WHEN 'account.list' THEN ARRAY['account', 'account-head']
        WHEN 'network.list' THEN ARRAY['account', 'network']
        WHEN 'affected.read' THEN ARRAY['account', 'patient', 'contact', 'naming']
        ELSE ARRAY[]::text[]
    END;

    -- What is named is sorted once, and each part fetched by the ids it has: a
    -- page opens the tables it needs and no others.
    FOR n IN
        SELECT l.kind, l.version, array_agg(l.id) AS ids
          FROM (SELECT unnest(e.kinds) AS kind, unnest(e.records) AS id, unnest(e.versions) AS version) l -- side by side
         GROUP BY l.kind, l.version
    LOOP
        IF n.kind <> ALL (allowed) THEN
            CONTINUE;
        END IF;
        CASE n.kind
            WHEN 'account' THEN
                RETURN QUERY
                SELECT n.kind, a.id, n.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, s.seen + coalesce(s.idle, (SELECT l.idle FROM guichet.session_limit l)), NULL::bytea,
                       CASE WHEN a.version = n.version THEN a.sealed
                            ELSE (SELECT w.sealed FROM guichet.account_version w WHERE w.account = a.id AND w.version = n.version) END,
                       e.id, NULL::text, NULL::text, a.role, NULL::text, NULL::text, true, NULL::integer
                  FROM guichet.account a JOIN guichet.session s ON s.id = e.session
                 WHERE a.id = ANY (n.ids);
            WHEN 'patient' THEN
                RETURN QUERY
                SELECT n.kind, p.id, p.version, p.id, NULL::uuid, NULL::bytea, 0, p.opened, p.keyset, p.sealed,
                       e.id, NULL::text, NULL::text, NULL::text, e.ground, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.patient p
                 WHERE p.id = ANY (n.ids) AND p.version = n.version;
            WHEN 'contact' THEN
                RETURN QUERY
                SELECT n.kind, c.id, n.version, c.patient, NULL::uuid, NULL::bytea, 0, c.at, NULL::bytea, c.sealed,
                       e.id, c.way, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.contact c
                 WHERE c.id = ANY (n.ids);
            WHEN 'report' THEN
                RETURN QUERY
                SELECT n.kind, r.id, r.version, r.patient, r.id, NULL::bytea, 0, r.at, NULL::bytea, r.sealed,
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.report r
                 WHERE r.id = ANY (n.ids) AND r.version = n.version;
            WHEN 'panel' THEN
                RETURN QUERY
                SELECT n.kind, p.id, p.version, p.patient, p.report, p.order_of, p.position, NULL::timestamptz, NULL::bytea, p.sealed,
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.panel p
                 WHERE p.id = ANY (n.ids) AND p.version = n.version;
            WHEN 'observation', 'previous' THEN
                RETURN QUERY
                SELECT n.kind, o.id, o.version, o.patient, o.report, o.order_of, o.position, NULL::timestamptz, NULL::bytea, o.sealed,
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.observation o
                 WHERE o.id = ANY (n.ids) AND o.version = n.version;
            WHEN 'superseded' THEN -- with the time at which it was first shown
                RETURN QUERY
                SELECT n.kind, o.id, o.version, o.patient, o.report, o.order_of, o.position,
                       (SELECT min(t.at) FROM guichet.trace t WHERE t.type = 'report.deposit' AND t.records[1] = o.report AND t.outcome = 'granted' AND o.id = ANY (t.records)),
                       NULL::bytea, o.sealed, e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.observation o
                 WHERE o.id = ANY (n.ids) AND o.version = n.version;
            WHEN 'document', 'content' THEN
                RETURN QUERY
                SELECT n.kind, d.id, d.version, d.patient, d.report, d.order_of, d.position, NULL::timestamptz, NULL::bytea,
                       CASE n.kind WHEN 'content' THEN d.content ELSE d.sealed END,
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.document d
                 WHERE d.id = ANY (n.ids) AND d.version = n.version;
            WHEN 'message' THEN
                RETURN QUERY
                SELECT n.kind, m.id, m.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, m.at, NULL::bytea, NULL::bytea,
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.message m
                 WHERE m.id = ANY (n.ids) AND m.version = n.version;
            WHEN 'quarantine', 'quarantine-head' THEN
                RETURN QUERY
                SELECT n.kind, q.id, q.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, q.at, NULL::bytea, CASE n.kind WHEN 'quarantine' THEN q.sealed END,
                       e.id, q.reason, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.quarantine q
                 WHERE q.id = ANY (n.ids) AND q.version = n.version;
            WHEN 'evidence' THEN
                RETURN QUERY
                SELECT n.kind, x.id, x.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, x.at, NULL::bytea, x.sealed,
                       x.entry, NULL::text, NULL::text, NULL::text, NULL::text, x.provider, NULL::boolean, NULL::integer
                  FROM guichet.evidence x
                 WHERE x.id = ANY (n.ids) AND x.version = n.version;
            WHEN 'code' THEN
                RETURN QUERY
                SELECT n.kind, c.id, n.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, c.at, NULL::bytea, NULL::bytea, e.id,
                       coalesce((SELECT x.reason FROM guichet.activation_code_end x WHERE x.code = c.id ORDER BY x.entry LIMIT 1),
                                CASE WHEN c.expires <= now_ THEN 'expired' ELSE 'open' END),
                       NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.activation_code c
                 WHERE c.id = ANY (n.ids);
            WHEN 'identity', 'identity-head' THEN
                RETURN QUERY
                SELECT n.kind, w.id, n.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, w.at, NULL::bytea, CASE n.kind WHEN 'identity' THEN w.sealed END, e.id,
                       w.reason, NULL::text, NULL::text, w.reference, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.waiting_identity w
                 WHERE w.id = ANY (n.ids);
            WHEN 'account-head' THEN
                RETURN QUERY
                SELECT n.kind, a.id, n.version, NULL::uuid, NULL::uuid, NULL::bytea, 0,
                       (SELECT t.at FROM guichet.trace t WHERE t.account = a.id AND t.type = 'sign-in' AND t.outcome = 'granted' ORDER BY t.id DESC LIMIT 1),
                       NULL::bytea, NULL::bytea, e.id, coalesce(c.state, 'active'), NULL::text, a.role, c.reason, NULL::text, NULL::boolean, extract(day FROM now_ - guichet.reviewed_at(a.id))::integer
                  FROM guichet.account a
                  LEFT JOIN LATERAL (SELECT x.state, x.reason FROM guichet.account_state x WHERE x.account = a.id ORDER BY x.entry DESC LIMIT 1) c ON true
                 WHERE a.id = ANY (n.ids);
            WHEN 'access-count' THEN
                RETURN QUERY
                SELECT n.kind, x.id, n.version, x.id, NULL::uuid, NULL::bytea, 0, e.at, NULL::bytea, NULL::bytea,
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, n.version
                  FROM unnest(n.ids) AS x (id);
            WHEN 'access-months' THEN -- a line for each month and kind of actor, as they were when the entry was left
                RETURN QUERY
                SELECT n.kind, e.patient, n.version, e.patient, NULL::uuid, NULL::bytea, 0, e.at, NULL::bytea,
                       (SELECT convert_to(coalesce(string_agg(concat_ws(' ', c.month, c.role, c.whose, c.count), E'\n' ORDER BY c.month DESC, c.role, c.whose), ''), 'UTF8')
                          FROM (SELECT x.month, x.role, x.whose, count(*)
                                  FROM (SELECT to_char(t.at AT TIME ZONE 'Europe/Paris', 'YYYY-MM') AS month, coalesce(t.role, 'none') AS role, CASE WHEN t.account = v.account THEN 'own' ELSE 'other' END AS whose
                                          FROM guichet.trace t
                                         WHERE t.patient = e.patient AND t.id < e.id AND t.type = ANY ((SELECT guichet.accesses(''))::text[])) x
                                 GROUP BY x.month, x.role, x.whose) c),
                       e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, NULL::integer;
            WHEN 'network' THEN -- with the entry that says who blocked it
                RETURN QUERY
                SELECT n.kind, b.id, n.version, NULL::uuid, NULL::uuid, NULL::bytea, 0, b.until, NULL::bytea, NULL::bytea, b.entry,
                       NULL::text, NULL::text, NULL::text, b.network::text, NULL::text, NULL::boolean, NULL::integer
                  FROM guichet.blocked_network b
                 WHERE b.id = ANY (n.ids);
        END CASE;
    END LOOP;
    IF 'trace' = ANY (allowed) THEN
        -- Who was refused is not told to the patient: it may be one who mistyped.
        RETURN QUERY
        SELECT 'trace', a.id, coalesce(w.version, a.version), t.patient, guichet.about(t.type, t.kinds, t.records), NULL::bytea, 0, t.at, NULL::bytea,
               CASE WHEN t.outcome = 'granted' OR t.account = v.account THEN coalesce(w.sealed, a.sealed) END,
               t.id, t.type, t.outcome, t.role, t.ground,
               coalesce(t.provider, t.purpose), -- an entry has one or the other: how one signed in, or what the grant is for
               t.account = v.account,
               CASE WHEN t.type = 'sign-in' THEN (SELECT count(*)::integer FROM guichet.trace f
                                                   WHERE f.account = t.account AND f.type = 'sign-in' AND f.id > t.id AND f.outcome = 'refused')
                    ELSE (SELECT count(*)::integer FROM unnest(t.kinds) k WHERE k = 'report') END
          FROM unnest(e.entries) AS named_entry (id)
          JOIN guichet.trace t ON t.id = named_entry.id
          LEFT JOIN guichet.account a ON a.id = t.account
          LEFT JOIN LATERAL (SELECT x.version, x.sealed FROM guichet.account_version x WHERE x.account = t.account ORDER BY x.version DESC LIMIT 1) w ON true;
    END IF;
    IF 'entry' = ANY (allowed) THEN -- in the bytes that are proved; its context, and whether its columns say the same, to the trace officer and outside
        RETURN QUERY
        SELECT 'entry', NULL::uuid, NULL::integer, NULL::uuid, NULL::uuid, CASE WHEN 'context' = ANY (allowed) THEN t.context END, NULL::integer, t.at, NULL::bytea, t.bytes,
               t.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
               CASE WHEN 'context' = ANY (allowed) THEN guichet.is_written(t) END, NULL::integer
          FROM guichet.trace t
         WHERE t.id = ANY (CASE e.type WHEN 'trace.range' THEN ARRAY(SELECT x.id FROM guichet.trace x WHERE x.id BETWEEN e.entries[1] AND e.entries[2]) ELSE e.entries END)
         ORDER BY t.id;
    END IF;
    IF 'naming' = ANY (allowed) THEN -- when each of those named was first and last named, and in how many entries
        RETURN QUERY
        SELECT w.kind, x.id, NULL::integer, NULL::uuid, NULL::uuid, NULL::bytea, 0, w.at, NULL::bytea, NULL::bytea,
               e.id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::boolean, x.entries
          FROM (SELECT p.id, min(p.at) AS first, max(p.at) AS last, count(*)::integer AS entries FROM guichet.people_in(e.entries) p GROUP BY p.id) x
         CROSS JOIN LATERAL (VALUES ('first', x.first), ('last', x.last)) AS w (kind, at);
    END IF;
END $$;
