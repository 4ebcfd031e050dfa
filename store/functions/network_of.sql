-- network_of is what counts as one address: whoever has one IPv6 address has
-- the whole /64 (AA7.d).
CREATE FUNCTION guichet.network_of(ip inet) RETURNS cidr LANGUAGE plpgsql AS $$
BEGIN
    RETURN network(set_masklen(ip, CASE family(ip) WHEN 4 THEN 32 ELSE 64 END));
END $$;
