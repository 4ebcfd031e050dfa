-- is_witnessed reports whether a token's subject is the person whose account it
-- opened. At FranceConnect the account is found by that very subject. At Pro
-- Santé Connect it is found by the national identifier, which the token does not
-- hold: its subject must have opened no other account, and this account under
-- no other subject.
CREATE FUNCTION guichet.is_witnessed(e guichet.evidence) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF e.provider = 'franceconnect' THEN
        RETURN EXISTS (SELECT FROM guichet.identity i WHERE i.subject = e.witness AND i.account = e.account);
    END IF;
    RETURN NOT EXISTS (SELECT FROM guichet.evidence o WHERE o.witness = e.witness AND o.account <> e.account)
       AND NOT EXISTS (SELECT FROM guichet.evidence o WHERE o.account = e.account AND o.provider = e.provider AND o.witness <> e.witness AND o.at < e.at);
END $$;
