-- near says whether two addresses are of one network, as far as an address
-- shows it; NULL where one is not known.
CREATE FUNCTION guichet.near(one inet, other inet) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF one IS NULL OR other IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN family(one) = family(other)
       AND network(set_masklen(one, CASE family(one) WHEN 4 THEN 24 ELSE 64 END)) = network(set_masklen(other, CASE family(other) WHEN 4 THEN 24 ELSE 64 END));
END $$;
