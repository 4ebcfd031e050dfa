-- block_of returns the block of an address that ends last, over or not, or none
-- (AA7.g). What begins later is none: a clock that is set back makes nobody wait
-- longer than was chosen.
CREATE FUNCTION guichet.block_of(address inet) RETURNS guichet.blocked_network LANGUAGE plpgsql AS $$
DECLARE
    b guichet.blocked_network;
    n cidr := guichet.network_of(address);
    now_ timestamptz := guichet.clock();
BEGIN
    SELECT * INTO b FROM guichet.blocked_network x
     WHERE x.network >>= n AND x.at <= now_
       AND NOT EXISTS (SELECT FROM guichet.blocked_network l WHERE l.network = x.network AND l.entry > x.entry)
     ORDER BY x.until DESC LIMIT 1;
    RETURN b;
END $$;
