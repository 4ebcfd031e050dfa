-- live_self returns the grant by which a record is somebody's own, or NULL.
CREATE FUNCTION guichet.live_self(subject uuid) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT g.id FROM guichet.grants g
             WHERE g.patient = subject AND g.kind = 'self' AND NOT EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id)
             ORDER BY g.turn DESC LIMIT 1);
END $$;
