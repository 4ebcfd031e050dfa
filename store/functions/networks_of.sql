-- networks_of reads a list of networks, by commas, and raises where one is none.
CREATE FUNCTION guichet.networks_of(list text) RETURNS cidr[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(btrim(part)::cidr), '{}') FROM regexp_split_to_table(list, ',') AS part WHERE btrim(part) <> '');
END $$;
