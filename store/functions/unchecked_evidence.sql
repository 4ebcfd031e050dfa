-- unchecked_evidence returns what sign-ins of the last thirty days, at one
-- provider or at any, rest on that nobody has checked yet: oldest first.
CREATE FUNCTION guichet.unchecked_evidence(provider text, before timestamptz, most integer) RETURNS uuid[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT array_agg(l.id ORDER BY l.at)
              FROM (SELECT e.id, e.at FROM guichet.evidence e
                     WHERE e.at > (SELECT guichet.clock()) - interval '30 days' AND e.at <= before
                       AND (unchecked_evidence.provider IS NULL OR e.provider = unchecked_evidence.provider)
                       AND NOT EXISTS (SELECT FROM guichet.evidence_check c WHERE c.evidence = e.id)
                     ORDER BY e.at LIMIT most) l);
END $$;
