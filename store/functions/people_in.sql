-- people_in returns whom entries name, once for each entry: the account that
-- acted, the patient it is about, and those whose data were disclosed (GA5.b).
-- A system is nobody to inform.
CREATE FUNCTION guichet.people_in(entries bigint[]) RETURNS TABLE (kind text, id uuid, entry bigint, at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT DISTINCT p.kind, p.id, t.id, t.at
      FROM unnest(people_in.entries) AS w (id)
      JOIN guichet.trace t ON t.id = w.id
     CROSS JOIN LATERAL (SELECT 'account', t.account
                         UNION ALL SELECT 'patient', t.patient
                         UNION ALL SELECT k.kind, t.records[n.place] -- most of what an entry names is nobody: look it up by place
                                     FROM (VALUES ('account', 'account'), ('account', 'account-head'), ('patient', 'patient')) AS k (kind, named)
                                    CROSS JOIN LATERAL unnest(array_positions(t.kinds, k.named)) AS n (place)) AS p (kind, id)
     WHERE p.kind = 'account' AND EXISTS (SELECT FROM guichet.account a WHERE a.id = p.id AND a.role NOT IN ('feed', 'witness', 'courier'))
        OR p.kind = 'patient' AND EXISTS (SELECT FROM guichet.patient x WHERE x.id = p.id);
END $$;
