-- forget_waiting takes away who has waited for longer than ninety days, some at
-- a time.
CREATE FUNCTION guichet.forget_waiting() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone uuid[];
BEGIN
    SELECT array_agg(x.id) INTO gone FROM (SELECT w.id FROM guichet.waiting_identity w WHERE w.expires <= (SELECT guichet.clock()) ORDER BY w.expires LIMIT 100) x;
    IF gone IS NOT NULL THEN
        DELETE FROM guichet.identity_decision d WHERE d.waiting = ANY (gone);
        DELETE FROM guichet.waiting_identity w WHERE w.id = ANY (gone);
    END IF;
END $$;
