-- holder_of returns the session whose turn it is in the account of s. A
-- system's sessions stand side by side: each holds its own.
CREATE FUNCTION guichet.holder_of(s guichet.session) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    IF s.expires IS NOT NULL THEN
        RETURN s.id;
    END IF;
    RETURN (SELECT t.session FROM guichet.session_turn t WHERE t.account = s.account ORDER BY t.turn DESC LIMIT 1);
END $$;
