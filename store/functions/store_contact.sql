-- store_contact keeps what a message says of how to reach a patient (GA5.b),
-- where it is not what the last one said, under an entry of its own.
CREATE FUNCTION guichet.store_contact(v guichet.verdict, ways text[], ids uuid[], way_values bytea[], way_sealed bytea[], ip inet[], request uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh uuid[];
    said_in bigint;
BEGIN
    IF num_nulls(ways, ids, way_values, way_sealed) > 0 OR NOT ways <@ ARRAY['mail', 'phone', 'address'] OR cardinality(ways) > 3
       OR cardinality(ids) <> cardinality(ways) OR cardinality(way_values) <> cardinality(ways) OR cardinality(way_sealed) <> cardinality(ways)
       OR array_position(ways, NULL) IS NOT NULL OR array_position(ids, NULL) IS NOT NULL
       OR EXISTS (SELECT FROM unnest(way_values, way_sealed) AS n (value, sealed) WHERE num_nulls(n.value, n.sealed) > 0 OR octet_length(n.value) <> 32 OR octet_length(n.sealed) > 2048) THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    SELECT array_agg(n.id) INTO fresh
      FROM unnest(ways, ids, way_values) AS n (way, id, value)
     WHERE NOT EXISTS (SELECT FROM (SELECT c.value FROM guichet.contact c WHERE c.patient = v.patient AND c.way = n.way ORDER BY c.entry DESC LIMIT 1) l
                        WHERE l.value = n.value);
    IF fresh IS NULL THEN
        RETURN;
    END IF;
    v.before := NULL;
    v.after := (SELECT sha256(string_agg(n.sealed, ''::bytea ORDER BY n.id)) FROM unnest(ids, way_sealed) AS n (id, sealed) WHERE n.id = ANY (fresh));
    said_in := guichet.leave_trace('patient.contact', v, ROW(array_fill('contact'::text, ARRAY[cardinality(fresh)]), fresh, array_fill(1, ARRAY[cardinality(fresh)])),
                                 '{}', NULL, ip, request);
    INSERT INTO guichet.contact (id, patient, way, value, sealed, at, entry)
    SELECT n.id, v.patient, n.way, n.value, n.sealed, guichet.clock(), said_in
      FROM unnest(ways, ids, way_values, way_sealed) AS n (way, id, value, sealed)
     WHERE n.id = ANY (fresh)
        ON CONFLICT DO NOTHING;
END $$;
