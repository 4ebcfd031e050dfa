-- store_parts writes the rows of a report from the bytes they came in.
CREATE FUNCTION guichet.store_parts(subject uuid, wanted uuid, groups bytea[], kinds text[], ids uuid[], group_places integer[], codes bytea[], lengths integer[], parts bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH part AS (
        SELECT p.kind, p.id, groups[p.group_place] AS order_of, p.code, p.place::integer AS place,
               substring(parts FROM (sum(p.size) OVER (ORDER BY p.place) - p.size + 1)::integer FOR p.size) AS sealed
          FROM unnest(kinds, ids, group_places, codes, lengths) WITH ORDINALITY AS p (kind, id, group_place, code, size, place)
    ), panels AS (
        INSERT INTO guichet.panel (id, version, report, patient, order_of, position, sealed)
        SELECT part.id, 1, wanted, subject, part.order_of, part.place, part.sealed FROM part WHERE part.kind = 'panel'
        ON CONFLICT DO NOTHING
    ), documents AS (
        INSERT INTO guichet.document (id, version, report, patient, order_of, position, sealed, content)
        SELECT part.id, 1, wanted, subject, part.order_of, part.place, part.sealed, content.sealed
          FROM part JOIN part content ON content.id = part.id AND content.kind = 'content'
         WHERE part.kind = 'document'
        ON CONFLICT DO NOTHING
    )
    INSERT INTO guichet.observation (id, version, report, patient, order_of, position, code, current, sealed)
    SELECT part.id, 1, wanted, subject, part.order_of, part.place, part.code, true, part.sealed FROM part WHERE part.kind = 'observation'
    ON CONFLICT DO NOTHING;
END $$;
