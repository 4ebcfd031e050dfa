-- accept_traits notes the strict traits under which a person was let in, where
-- they are not those of before, and that an operator's decision was used.
CREATE FUNCTION guichet.accept_traits(r guichet.recognition, person bytea, traits bytea, entry bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ timestamptz := guichet.clock();
BEGIN
    IF r.changed THEN
        INSERT INTO guichet.identity_traits (subject, value, at, entry) VALUES (person, traits, now_, accept_traits.entry);
    END IF;
    IF r.waiting IS NOT NULL THEN
        INSERT INTO guichet.identity_decision (waiting, decision, replaces, at, entry) VALUES (r.waiting, 'used', false, now_, accept_traits.entry);
    END IF;
END $$;
