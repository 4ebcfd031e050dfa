-- waiting_of returns the latest identity that waits under a reference and was
-- not decided on, or NULL.
CREATE FUNCTION guichet.waiting_of(wanted text) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT w.id FROM guichet.waiting_identity w
             WHERE w.reference = wanted AND w.expires > guichet.clock()
               AND NOT EXISTS (SELECT FROM guichet.identity_decision d WHERE d.waiting = w.id)
             ORDER BY w.at DESC, w.id DESC LIMIT 1);
END $$;
