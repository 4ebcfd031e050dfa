-- own_patient returns the record that is a signed-in person's own, or NULL.
CREATE FUNCTION guichet.own_patient(token bytea) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    own uuid;
BEGIN
    SELECT g.patient INTO own
      FROM guichet.session s JOIN guichet.grants g ON g.account = s.account
     WHERE s.token = sha256(own_patient.token) AND g.kind = 'self'
       AND NOT EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id)
     ORDER BY g.starts, g.id
     LIMIT 1;
    RETURN own;
END $$;
