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
       OR EXISTS (SELECT FROM unnest(lengths, group_places) AS p (size, place) WHERE p.size < 1 OR p.place NOT BETWEEN 1 AND cardinality(groups))
       OR coalesce((SELECT sum(p.size) FROM unnest(lengths) AS p (size)), 0) <> total
       OR (SELECT count(DISTINCT p.id) FROM unnest(kinds, ids) AS p (kind, id) WHERE p.kind <> 'content')
          <> (SELECT count(*) FROM unnest(kinds) AS p (kind) WHERE p.kind <> 'content') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
END $$;
