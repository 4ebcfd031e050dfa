-- check_parts refuses a list of parts that does not fit together, before any
-- of it is stored.
CREATE FUNCTION guichet.check_parts(groups bytea[], kinds text[], ids uuid[], group_places integer[], codes bytea[], lengths integer[], total integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF num_nulls(groups, kinds, ids, group_places, codes, lengths, total) > 0
       OR cardinality(groups) NOT BETWEEN 1 AND 500 OR cardinality(kinds) > 5000
       OR cardinality(ids) <> cardinality(kinds) OR cardinality(group_places) <> cardinality(kinds)
       OR cardinality(codes) <> cardinality(kinds) OR cardinality(lengths) <> cardinality(kinds)
       OR array_position(groups, NULL) IS NOT NULL OR array_position(kinds, NULL) IS NOT NULL OR array_position(ids, NULL) IS NOT NULL
       OR array_position(codes, NULL) IS NOT NULL OR array_position(lengths, NULL) IS NOT NULL OR array_position(group_places, NULL) IS NOT NULL
       OR NOT kinds <@ ARRAY['panel', 'observation', 'document', 'content']
       OR NOT (SELECT coalesce(bool_and(p.size > 0 AND p.place BETWEEN 1 AND cardinality(groups)), true) AND coalesce(sum(p.size), 0) = total
                      AND count(DISTINCT p.id) FILTER (WHERE p.kind <> 'content') = count(*) FILTER (WHERE p.kind <> 'content')
                 FROM unnest(kinds, ids, lengths, group_places) AS p (kind, id, size, place)) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
END $$;
