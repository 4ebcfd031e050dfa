-- leave_place frees the place of one try of an address; which of them is all the
-- same. It waits for nobody.
CREATE FUNCTION guichet.leave_place(network cidr) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM guichet.sign_in_try x
     WHERE x.id IN (SELECT y.id FROM guichet.sign_in_try y WHERE y.network = leave_place.network ORDER BY y.at LIMIT 1 FOR UPDATE SKIP LOCKED);
END $$;
