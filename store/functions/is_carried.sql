-- is_carried says whether a part of the stored report stays when a message
-- brings these groups: yes, unless the message has its group. A lone panel of
-- an order is replaced by the lone panel that now answers the order, whatever
-- either is called.
CREATE FUNCTION guichet.is_carried(held bytea, groups bytea[], stored guichet.manifest) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF held IS NULL OR held = ANY (groups) THEN
        RETURN false;
    END IF;
    RETURN NOT (
        (SELECT count(DISTINCT g) FROM unnest(groups) g WHERE substring(g FOR 32) = substring(held FOR 32)) = 1
        AND (SELECT count(DISTINCT p.order_of) FROM unnest(stored.kinds, stored.records) AS n (kind, id) JOIN guichet.panel p ON p.id = n.id
              WHERE n.kind = 'panel' AND substring(p.order_of FOR 32) = substring(held FOR 32)) = 1);
END $$;
